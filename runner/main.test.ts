import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Report } from '../domain/release/run-report.ts'
import { sweepLeftovers } from './own-folders.ts'
import { jobOf } from './testing.ts'
import { eventually } from '../test/eventually.ts'

let server: Server
let folder = ''
let marker = ''
let code = ''
let put: Report | undefined
let broken: string | undefined

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cloister-main-'))
  // A run's own user must be able to pass through.
  chmodSync(folder, 0o711)
  marker = `cloister-marker-${process.pid}-${Math.trunc(performance.now() * 1000)}`
  put = undefined
  broken = undefined
  code = `import os\nos.execv('/usr/bin/sleep', ['${marker}', '60'])`
  server = createServer((request, response) => {
    const { manifest, objects } = jobOf(code, { limits: { seconds: 50 } })
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const text = JSON.stringify(manifest, (key, value: unknown) => (key === 'url' ? base + String(value) : value))
    const parts: Buffer[] = []
    request
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => {
        const name = (request.url ?? '').slice(1)
        if (name === broken) {
          response.writeHead(403).end('a secret link')
          return
        }
        if (request.method === 'PUT') put = JSON.parse(gunzipSync(Buffer.concat(parts)).toString('utf8')) as Report
        response.end(name === 'manifest' ? text : objects.get(name))
      })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  TMPDIR: folder,
  CLOISTER_MANIFEST: `http://127.0.0.1:${(server.address() as AddressInfo).port}/manifest`,
})
const start = (
  more: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<number | string | null>; said: () => string } => {
  const child = spawn(process.execPath, ['runner/main.ts'], {
    env: { ...env(), ...more },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => {
      text += part.toString()
    })
  return {
    child,
    said: () => text,
    ended: new Promise((resolve) => {
      child.once('close', (c, s) => resolve(c ?? s))
    }),
  }
}

/** Processes of the host whose command line says the marker. */
const marked = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(marker)
    } catch {
      return false
    }
  })
const running = (): Promise<boolean> => eventually('a run is at work', () => marked().length > 0)
const quiet = (): Promise<boolean> => eventually('no run is at work', () => marked().length === 0)

test('a job’s report is handed over, and nothing else is said', async () => {
  code = 'print("P001 is 42")\nopen("result.json", "w").write("{}")'
  const { ended, said } = start()
  expect(await ended).toBe(0)
  expect(said()).toBe('')
  expect(put).toMatchObject({
    job: 'test',
    confinement: 'bubblewrap',
    cohort: 64,
    runs: [{ run: 'all', end: 'finished', subjects: 64 }],
  })
  expect(readdirSync(folder)).toEqual([])
})

test('what the platform cannot give ends with 1 and a word without link or data', async () => {
  broken = 'subjects.csv'
  const { ended, said } = start()
  expect(await ended).toBe(1)
  expect(said()).toBe('runner: running the job failed (LinkFailed)\n')
  expect(readdirSync(folder)).toEqual([])
})

test.each(['bubblewrap', 'landlock'])(
  '%s: stopping the runner leaves no process and no folder',
  async (confinement) => {
    const { child, ended } = start({ CLOISTER_CONFINEMENT: `${confinement}:probed` })
    await running()
    child.kill('SIGTERM')
    expect(await ended).toBe(143)
    expect(marked()).toEqual([])
    expect(readdirSync(folder)).toEqual([])
    expect(put).toBeUndefined()
  },
)

test.each(['bubblewrap', 'landlock'])(
  '%s: a killed runner takes its processes along; the next one sweeps its folder',
  async (confinement) => {
    const { child, ended } = start({ CLOISTER_CONFINEMENT: `${confinement}:probed` })
    await running()
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    await quiet()
    expect(readdirSync(folder)).toHaveLength(1)
    sweepLeftovers(folder)
    expect(readdirSync(folder)).toEqual([])
  },
)

test('a host that dies takes the runner along', async () => {
  const host = spawn(
    process.execPath,
    [
      '-e',
      "const { spawn } = require('node:child_process'); spawn(process.execPath, ['runner/main.ts'], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })",
    ],
    { env: env(), stdio: 'ignore' },
  )
  await running()
  host.kill('SIGKILL')
  await quiet()
  await eventually('no folder is left', () => readdirSync(folder).length === 0)
})
