import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { decodeRecords, type LogRecord } from '../domain/pipelines/log.ts'
import {
  artifactSlots,
  type PipelineManifest,
  type PipelineReport,
  type RunFile,
} from '../domain/pipelines/manifest.ts'
import { runPipeline } from './pipeline.ts'
import { LinkRefused, type PipelineIo, WrongBytes } from './pipeline-io.ts'
import { fileSink } from './pipeline-log.ts'
import { unzipSync } from 'fflate'

const folder = mkdtempSync(join(tmpdir(), 'cloister-pipeline-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

interface Given {
  command?: string[]
  files?: Record<string, string>
  inputs?: PipelineManifest['inputs']
  limits?: Partial<PipelineManifest['limits']>
  runtime?: PipelineManifest['runtime']
  env?: Record<string, string>
}
interface Ran {
  report: PipelineReport
  log: LogRecord[]
  lines: string[]
  objects: Map<string, Uint8Array>
  stop: AbortController
}
let serial = 0

/** Runs Python (or a command) as a pipeline; links lead into memory. `seen` hears of each write to the log. */
async function run(
  code: string,
  given: Given = {},
  seen?: (text: string, stop: AbortController) => void,
): Promise<Ran> {
  const objects = new Map<string, Uint8Array>()
  const stop = new AbortController()
  const path = join(folder, `${serial++}.jsonl`)
  const file = (name: string, text: string): RunFile => {
    const bytes = Buffer.from(text)
    objects.set(name, bytes)
    return {
      path: name,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      size: bytes.length,
      link: { url: name, headers: {} },
    }
  }
  const io: PipelineIo = {
    fetchTo: (link, to, expected) => {
      const bytes = objects.get(link.url)
      if (!bytes) return Promise.reject(new LinkRefused('404'))
      if (createHash('sha256').update(bytes).digest('hex') !== expected.sha256)
        return Promise.reject(new WrongBytes('other'))
      writeFileSync(to, bytes)
      return Promise.resolve()
    },
    putFile: (link, from) => {
      objects.set(link.url, readFileSync(from))
      return Promise.resolve()
    },
    putBytes: (link, bytes) => {
      objects.set(link.url, bytes)
      return Promise.resolve()
    },
  }
  const manifest: PipelineManifest = {
    kind: 'pipeline',
    job: 'job_test',
    attempt: 1,
    runtime: given.runtime ?? 'python',
    command: given.command ?? ['python', 'main.py', '--out', '{{output}}'],
    env: given.env ?? {},
    parameters: { rate: 30 },
    code: [file('main.py', code), ...Object.entries(given.files ?? {}).map(([n, t]) => file(n, t))],
    inputs: given.inputs ?? [{ name: 'trials', kind: 'table', files: [file('trials.csv', 'a,b\n1,2\n')] }],
    limits: {
      seconds: 30,
      memoryMb: 512,
      cpus: 1,
      gpus: 0,
      processes: 32,
      outputBytes: 1_000_000,
      logBytes: 1_000_000,
      ...given.limits,
    },
    artifacts: Array.from({ length: artifactSlots }, (_, i) => ({ url: `slot-${i}`, headers: {} })),
    streams: [],
    report: { url: 'report', headers: {} },
  }
  const sink = fileSink(path)
  const report = await runPipeline(manifest, io, {
    signal: stop.signal,
    sink: {
      write: (text) => {
        sink.write(text)
        seen?.(text, stop)
      },
      close: () => sink.close(),
    },
    confinement: 'bubblewrap',
    probed: true,
  })
  expect(JSON.parse(gunzipSync(objects.get('report')!).toString())).toEqual(report)
  const log: LogRecord[] = decodeRecords(readFileSync(path), 0).records
  return { report, log, lines: log.filter((r) => r.s !== 'sys' && r.p !== 1).map((r) => r.x), objects, stop }
}
const last = (r: Ran): LogRecord => r.log.at(-1)!

test('a run: inputs, parameters, live output of both streams, declarations, artifacts, figures', async () => {
  const ran = await run(
    `import json, os, sys, time
print('cloister: step load')
trials = open(sys.argv[2]).read()
print(trials.count('\\n'), json.load(open(os.environ['CLOISTER_PARAMETERS']))['rate'], os.getcwd() == os.environ['CLOISTER_CODE'])
for i in range(1, 4):
    sys.stderr.write(f'\\r{i}/3'); sys.stderr.flush(); time.sleep(0.3)
sys.stderr.write('\\n')
print('cloister: metric f1 0.5 1'); print('cloister: metric f1 0.75 2'); print('cloister: progress 2/4')
x = bytearray(80_000_000)
open(os.environ['OUTPUT_DIR'] + '/m.txt', 'w').write('masks'); os.makedirs(sys.argv[3] + '/deep'); open(sys.argv[3] + '/deep/t.csv', 'w').write('t')
open('scratch', 'w').write('the working directory may be written')
os.symlink('/etc/passwd', sys.argv[3] + '/link'); time.sleep(0.3)
print('über\\xff'); sys.stdout.buffer.write(b'bad \\xff end')`,
    { command: ['python3', 'main.py', '--in', '{{inputs.trials}}', '{{output}}'] },
  )
  expect(ran.report).toMatchObject({
    end: 'finished',
    exitCode: 0,
    confinement: 'bubblewrap',
    leftOut: 0,
    metrics: [{ name: 'f1', value: 0.75, step: 2, count: 2 }],
    steps: [{ name: 'load' }],
  })
  expect(ran.report.artifacts.map((a) => [a.path, a.slot, a.size])).toEqual([
    ['deep/t.csv', 0, 1],
    ['m.txt', 1, 5],
  ])
  expect(Buffer.from(ran.objects.get('slot-1')!).toString()).toBe('masks')
  expect(ran.lines).toContain('2 30 True')
  expect(ran.lines.slice(-2)).toEqual(['überÿ', 'bad \uFFFD end'])
  expect(
    ran.log
      .filter((l) => l.p !== undefined)
      .map((l) => l.x)
      .at(-1),
  ).toBe('3/3')
  expect(ran.log.find((l) => l.p === 2)?.x).toBe('3/3')
  expect(ran.log.find((l) => l.progress)?.progress).toEqual([2, 4])
  expect(last(ran)).toMatchObject({ end: 'finished', s: 'sys' })
  expect(ran.report.peakMemoryBytes).toBeGreaterThan(80_000_000)
  expect(ran.report.logRecords).toBe(ran.log.length)
})

test('a run that is out of memory keeps its log to the last line, whoever ended it', async () => {
  const grows = await run('print("before", flush=True)\nx = []\nwhile True: x.append(bytearray(b"x" * 10_000_000))', {
    limits: { memoryMb: 150 },
  })
  expect([grows.report.end, grows.lines[0], last(grows).end]).toEqual(['memory-limit', 'before', 'memory-limit'])
  expect(last(grows).x).toContain('150 MB')
  const asks = await run('print("before")\nx = bytearray(10**11)')
  expect(asks.report).toMatchObject({ end: 'memory-limit', exitCode: 1 })
  const killed = await run('import os\nprint("before")\nos.kill(os.getpid(), 9)')
  expect(killed.report).toMatchObject({ end: 'signal', signal: 'SIGKILL' })
  expect(killed.lines).toEqual(['before'])
})

test('a run out of time is asked to end, then ended, and its files are kept', async () => {
  const asked = await run(
    `import os, signal, sys, time
def end(*_):
    print('saving'); open(os.environ['OUTPUT_DIR'] + '/part.txt', 'w').write('x'); sys.exit(3)
signal.signal(signal.SIGTERM, end)
print('begun', flush=True)
time.sleep(60)`,
    { limits: { seconds: 2 } },
  )
  expect(asked.report).toMatchObject({ end: 'time-limit', exitCode: 3, artifacts: [{ path: 'part.txt' }] })
  expect(asked.lines).toEqual(['begun', 'saving'])
  expect(last(asked).x).toContain('2 seconds')
})

test('a run that is cancelled ends with all it said', async () => {
  const ran = await run(
    `import signal, time
signal.signal(signal.SIGTERM, lambda *_: print('no', flush=True))
print('begun', flush=True)
while True: time.sleep(1)`,
    {},
    (text, stop) => {
      if (text.includes('"begun"')) stop.abort()
    },
  )
  expect(ran.report.end).toBe('cancelled')
  expect(ran.lines).toEqual(['begun', 'no'])
  expect(last(ran).end).toBe('cancelled')
}, 20_000)

test('what never starts says why', async () => {
  expect((await run('', { command: ['cellpose', '--dir', 'x'] })).report).toMatchObject({
    end: 'not-started',
    startError: 'command-not-found',
    missing: 'cellpose',
  })
  expect((await run('', { command: ['./gone.sh'] })).report).toMatchObject({
    startError: 'command-not-found',
    missing: './gone.sh',
  })
  expect((await run('', { command: ['./run.sh'], files: { 'run.sh': 'echo x' } })).report).toMatchObject({
    startError: 'not-executable',
  })
  expect((await run('', { command: ['../../../bin/sh'] })).report).toMatchObject({ startError: 'command-not-found' })
  expect((await run('', { runtime: 'image' })).report).toMatchObject({ startError: 'image-unavailable' })
  const missing = await run('', {
    inputs: [
      {
        name: 'stack',
        kind: 'images',
        files: [{ path: 'a.tif', sha256: 'x', size: 1, link: { url: 'nowhere', headers: {} } }],
      },
    ],
  })
  expect(missing.report).toMatchObject({ end: 'not-started', startError: 'input-missing', missing: 'stack/a.tif' })
  expect(last(missing).x).toContain('stack/a.tif')
})

test('exit codes are told; scripts of the code run by their first line; a shell is a program like others', async () => {
  expect((await run('import sys; sys.exit(7)')).report).toMatchObject({ end: 'exit-code', exitCode: 7 })
  const script = await run('', {
    command: ['./run.sh', 'a b'],
    files: { 'run.sh': '#!/bin/sh\necho "<$1>"\nnosuchprogram\n' },
    runtime: 'shell',
  })
  expect(script.report).toMatchObject({ end: 'exit-code', exitCode: 127 })
  expect(script.lines[0]).toBe('<a b>')
})

test('more files than slots: the rest is one ZIP; more bytes than may be kept are left out', async () => {
  const ran = await run(
    'import os\nfor i in range(230):\n    open(os.environ["OUTPUT_DIR"] + f"/{i:03d}.txt", "w").write(str(i))\nopen(os.environ["OUTPUT_DIR"] + "/big", "w").write("x" * 1_000_000)',
  )
  expect(ran.report.leftOut).toBe(1)
  expect(ran.report.artifacts.filter((a) => a.zipped)).toHaveLength(31)
  expect(Object.keys(unzipSync(ran.objects.get('slot-199')!))).toHaveLength(31)
})

test('a log beyond its limit says so once, and the run goes on', async () => {
  const ran = await run('for i in range(3000): print(i, "x" * 100)', { limits: { logBytes: 50_000 } })
  expect(ran.report.end).toBe('finished')
  expect(ran.report.logBytes).toBeLessThan(51_000)
  expect(ran.log.filter((l) => l.s === 'sys' && l.x.includes('limit'))).toHaveLength(1)
})
