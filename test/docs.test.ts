/** Documentation is tested: what it names exists. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { allRoutes } from '../contracts/index.ts'
import { problems } from '../contracts/problems.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const skipped = new Set(['node_modules', 'dist', '.git', '.cloister', 'cdk.out', 'coverage'])
const files = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    skipped.has(e.name)
      ? []
      : e.isDirectory()
        ? files(join(folder, e.name), ending)
        : ending.test(e.name)
          ? [join(folder, e.name)]
          : [],
  )

const pages = files(root, /\.md$/).map((path) => ({
  name: relative(root, path),
  path,
  text: readFileSync(path, 'utf8'),
}))
const prose = (text: string): string => text.replaceAll(/```[\s\S]*?```/g, '')
const source = files(root, /\.(ts|tsx|mjs)$/)
  .filter((f) => !f.endsWith('.test.ts'))
  .map((f) => readFileSync(f, 'utf8'))
  .join('\n')
const scripts = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
  .scripts
const slug = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

describe.each(pages)('$name', ({ name, path, text }) => {
  it('links to what exists', () => {
    for (const [, target] of prose(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:)/.test(target!)) continue
      const [file, anchor] = target!.split('#') as [string, string | undefined]
      const to = file ? join(dirname(path), decodeURIComponent(file)) : path
      expect(() => statSync(to), `${name} → ${target}`).not.toThrow()
      const text = anchor && to.endsWith('.md') ? readFileSync(to, 'utf8') : `# ${anchor}`
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((m) => slug(m[1]!))
      expect(headings, `${name} → ${target}`).toContain(anchor ?? 'undefined')
    }
  })
  it('names npm scripts, settings and problems that exist', () => {
    for (const [, script] of text.matchAll(/npm run ([a-z:-]+)/g))
      expect(Object.keys(scripts), `npm run ${script}`).toContain(script)
    for (const [setting] of text.matchAll(/\b(CLOISTER|OIDC)_[A-Z_]+\b/g))
      expect(source.includes(setting), setting).toBe(true)
    for (const [, kind] of text.matchAll(/problems#([a-z-]+)/g)) expect(Object.keys(problems)).toContain(kind)
  })
  it('names routes that exist', () => {
    const known = allRoutes.map(({ route }) => `${route.method} ${route.path.replaceAll(/\{\w+\}/g, '{}')}`)
    for (const [, method, route] of text.matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/api\/[^\s`?]*)/g)) {
      if (route === '/api/openapi.json') continue
      expect(known, `${method} ${route}`).toContain(`${method} ${route!.replaceAll(/\{\w+\}/g, '{}')}`)
    }
  })
})

describe('the README', () => {
  const readme = pages.find((p) => p.name === 'README.md')!
  it('starts with the two commands and a picture that is there', () => {
    expect(readme.text).toMatch(/npm start/)
    expect(readme.text).toMatch(/npm test/)
    const picture = /!\[[^\]]+\]\(([^)]+)\)/.exec(readme.text)?.[1]
    expect(picture).toBeDefined()
    expect(statSync(join(root, picture!)).size).toBeGreaterThan(10_000)
  })
})
