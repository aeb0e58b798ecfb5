import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { unpackStudy } from '../../clients/study-file.ts'

interface Chunk {
  file: string
  css?: string[]
  imports?: string[]
  dynamicImports?: string[]
}
const out = mkdtempSync(join(tmpdir(), 'cloister-portal-'))
let manifest: Record<string, Chunk>
const read = (file: string) => readFileSync(join(out, file))

/** Every file that is fetched when these chunks are shown. */
function files(...keys: string[]): Set<string> {
  const seen = new Set<string>()
  const found = new Set<string>()
  const walk = (key: string) => {
    const chunk = manifest[key]
    if (!chunk || seen.has(key)) return
    seen.add(key)
    for (const file of [chunk.file, ...(chunk.css ?? [])]) found.add(file)
    chunk.imports?.forEach(walk)
  }
  keys.forEach(walk)
  return found
}
const packed = (names: Iterable<string>) => [...names].reduce((n, f) => n + gzipSync(read(f), { level: 9 }).length, 0)

/** Areas are the folders that have an `area.tsx`. */
const source = fileURLToPath(new URL('src', import.meta.url))
const areaFolders = readdirSync(source).filter((name) => existsSync(join(source, name, 'area.tsx')))

describe('the portal as built', () => {
  beforeAll(async () => {
    // The test runner's mode would bring React's development build.
    vi.stubEnv('NODE_ENV', 'production')
    await build({
      mode: 'production',
      configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)),
      logLevel: 'error',
      build: { outDir: out },
    })
    manifest = JSON.parse(read('.vite/manifest.json').toString()) as typeof manifest
  })
  afterAll(() => {
    vi.unstubAllEnvs()
    rmSync(out, { recursive: true, force: true })
  })

  it('loads under 250 KB gzipped before Home is shown', () => {
    const size = packed(files('index.html', 'src/home/index.tsx'))
    expect(size).toBeGreaterThan(100_000)
    expect(size).toBeLessThan(250_000)
  })
  it('keeps each area, the editor and plots out of the first load', () => {
    const first = files('index.html', 'src/home/index.tsx')
    expect(areaFolders.length).toBeGreaterThan(10)
    for (const area of areaFolders.filter((name) => name !== 'home'))
      expect(first.has(manifest[`src/${area}/index.tsx`]!.file), area).toBe(false)
    const heavy = Object.entries(manifest)
      .filter(([key]) =>
        /@observablehq\/plot|studies\/Editor\.tsx|parts\/job\/CodeEditor\.tsx|shell\/(Menus|Palette)\.tsx/.test(key),
      )
      .map(([, c]) => c.file)
    expect(heavy).toHaveLength(5)
    for (const file of heavy) expect(first.has(file), file).toBe(false)
  })
  it('needs no inline script and no other host', () => {
    const html = read('index.html').toString()
    expect([...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>/g)]).toEqual([])
    expect([...html.matchAll(/(?:src|href)="(?!\/)([^"]*)"/g)]).toEqual([])
    for (const chunk of Object.values(manifest))
      for (const file of chunk.css ?? []) expect(read(file).toString()).not.toMatch(/url\(["']?https?:/)
  })
  it('brings the examples, each a study that can be imported', async () => {
    const list = JSON.parse(read('examples/index.json').toString()) as { name: string; title: string }[]
    expect(list.map((e) => e.name).slice(0, 3)).toEqual(['flanker', 'survey-images', 'web-study'])
    for (const entry of list)
      expect((await unpackStudy(new Uint8Array(read(`examples/${entry.name}.cloister.zip`)))).title).toBe(entry.title)
  })
})
