/** Builds the web parts whose sources have changed since they were built. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const parts = ['portal', 'participant', 'study'] as const
/** What the web parts are made of besides their own folder (import rules: docs/architecture.md). */
const shared = ['contracts', 'domain', 'clients', 'examples', 'package-lock.json']

/** One hash over names and contents of files and folders, without tests; what does not exist counts as empty. */
function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths.filter((p) => existsSync(join(root, p)))) {
    const top = join(root, path)
    const files = statSync(top).isDirectory()
      ? readdirSync(top, { recursive: true, withFileTypes: true })
          .filter((e) => e.isFile())
          .map((e) => join(e.parentPath, e.name))
          .sort()
      : [top]
    for (const file of files)
      if (!/\.test\.tsx?$/.test(file)) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file))
  }
  return hash.digest('hex')
}

function vite(part: string): Promise<{ ok: boolean; output: string }> {
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '-c', `web/${part}/vite.config.ts`, '--logLevel', 'warn'],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_ENV: 'production' } },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      output += part.toString()
    })
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/**
 * Brings dist/web up to date; answers in tens of milliseconds when nothing changed. Throws when a part does not build.
 */
export async function buildWeb(
  say: (text: string) => void = (text) => process.stderr.write(`${text}\n`),
  only: readonly (typeof parts)[number][] = parts,
): Promise<void> {
  for (const part of only.filter((p) => existsSync(join(root, `web/${p}/vite.config.ts`)))) {
    const stamp = join(root, 'dist/web', `.${part}.built`)
    const wanted = hashOf([`web/${part}`, ...(part === 'study' ? [] : ['web/study/protocol.ts']), ...shared])
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(join(root, 'dist/web', part)))
      continue
    const began = performance.now()
    const { ok, output } = await vite(part)
    if (!ok) throw new Error(`The ${part} part does not build:\n${output}`)
    writeFileSync(stamp, wanted)
    say(`  Built web/${part} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
  }
}
