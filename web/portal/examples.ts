/** The repository's examples as files of the portal: one `.cloister.zip` each, and a list. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Plugin } from 'vite'
import { packStudy, parseStudyJson, studyFileName } from '../../clients/study-file.ts'

const order = ['flanker', 'survey-images', 'web-study']
const rank = (name: string) => (order.indexOf(name) + order.length + 1) % (order.length + 1)

function read(folder: string): { path: string; data: Uint8Array }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort()
    .map((file) => ({ path: relative(folder, file).replaceAll('\\', '/'), data: new Uint8Array(readFileSync(file)) }))
}

/** Puts `examples/<name>.cloister.zip` and `examples/index.json` beside the page; the new-study page offers them. */
export function examples(folder: string): Plugin {
  return {
    name: 'cloister-examples',
    generateBundle() {
      const list: { name: string; title: string; description: string }[] = []
      for (const entry of readdirSync(folder, { withFileTypes: true })
        .filter((e) => e.isDirectory())
        .sort((a, b) => rank(a.name) - rank(b.name))) {
        const files = read(join(folder, entry.name))
        const own = files.find((f) => f.path === studyFileName)
        if (!own) continue
        const study = parseStudyJson(new TextDecoder().decode(own.data))
        list.push({ name: entry.name, title: study.title ?? entry.name, description: study.description ?? '' })
        this.emitFile({
          type: 'asset',
          fileName: `examples/${entry.name}.cloister.zip`,
          source: packStudy({ ...study, files: files.filter((f) => f !== own) }),
        })
      }
      this.emitFile({ type: 'asset', fileName: 'examples/index.json', source: JSON.stringify(list) })
    },
  }
}
