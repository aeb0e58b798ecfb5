/**
 * A host that is left to work: 100 participants send a record of 2 KB every second, 20 people watch logs of a pipeline
 * that prints a line every second, for 30 minutes. Memory of the host (with its threads) and of the processes below it,
 * and the disk of the home, are looked at every few seconds.
 *
 * What is alive in the host after a collection (soak-memory.ts) is looked at besides: it alone tells a leak from memory
 * that the collector and the allocator keep for later.
 *
 * The slope is of the second half, by the middle of all slopes between two looks (Theil and Sen), so that one
 * collection of garbage does not decide. The disk is held against what is alive on it: the items and the objects.
 *
 * `--minutes N` (default 30), `--participants N` (100), `--watchers N` (20); `--quick` 8 seconds of 10 and 2. Prints
 * last one line of JSON.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { tableFile } from '../adapters/local/table-folder.ts'
import { TableFile } from '../adapters/local/table-file.ts'
import { storeFolder } from '../local/store.ts'
import { freePort } from '../local/testing.ts'
import { eventually } from '../test/eventually.ts'
import { experimentOf, hostProcess, watchLog } from '../test/logs-support.ts'
import { ensureRuntimes } from '../tools/runtimes.ts'
import { atMost, need, report } from './report.ts'
import type { Alive } from './soak-memory.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    participants: { type: 'string', default: '100' },
    watchers: { type: 'string', default: '20' },
    quick: { type: 'boolean', default: false },
  },
})
const seconds = values.quick ? 8 : Number(values.minutes) * 60
const participants = values.quick ? 10 : Number(values.participants)
const watchers = values.quick ? 2 : Number(values.watchers)
const lookEvery = values.quick ? 500 : 5000
const collectEvery = values.quick ? 2000 : 30_000
const megabyte = 1024 * 1024

const code = `import sys, time
for i in range(int(sys.argv[1])):
    print('line', i, flush=True)
    time.sleep(float(sys.argv[2]))
`

/** Resident memory of a process, in MB: what is its own, without files that the system may take back. */
const ownMemory = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  )
function memoryBelow(pid: number): number {
  try {
    return childrenOf(pid).reduce((sum, child) => sum + ownMemory(child) + memoryBelow(child), 0)
  } catch {
    // One that has just ended.
    return 0
  }
}

function bytesBelow(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    try {
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size
    } catch {
      // A file that was moved meanwhile.
    }
  }
  return bytes
}
function bytesOfItems(folder: string): number {
  const table = TableFile.read(tableFile(folder))
  try {
    let bytes = 0
    for (const row of table.all()) bytes += Buffer.byteLength(row.value) + row.pk.length + row.sk.length
    return bytes
  } finally {
    table.close()
  }
}

const middle = (numbers: number[]): number => numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? 0
/** Growth per minute of what was looked at, in its second half. */
function slope(looks: readonly { at: number; value: number }[]): number {
  const half = looks.slice(looks.length >> 1)
  const slopes = half.flatMap((one, index) =>
    half.slice(index + 1).map((other) => ((other.value - one.value) * 60_000) / (other.at - one.at)),
  )
  return middle(slopes)
}
const round = (value: number): number => Number(value.toFixed(2))

await need(ensureRuntimes)
const notes = await mkdtemp(join(tmpdir(), 'cloister-soak-'))
const aliveFile = join(notes, 'alive.jsonl')
// The host takes on this process's environment.
process.env['BENCH_MEMORY'] = aliveFile
const watch = new URL('./soak-memory.ts', import.meta.url).href
const host = await hostProcess(await freePort(), 2, ['--import', watch])
try {
  const { client, options, organisationId } = await host.as('rosa@demo.cloister')
  const { items } = await client.studies.list({ params: { organisationId } })
  const { studyId } = items.find((study) => study.state === 'live')!
  const { code: link } = await client.studies.createLink({
    params: { studyId },
    body: { label: 'Soak', kind: 'general' },
  })
  const experimentId = await experimentOf(client, organisationId, 'soak', code, {
    resources: { seconds: seconds + 600 },
  })
  const { jobId } = await client.pipelines.start({
    params: { experimentId },
    body: { parameters: { count: seconds + 60, pause: 1 } },
  })
  const stop = new AbortController()
  let lines = 0
  const watching = Array.from({ length: watchers }, () =>
    watchLog(
      options,
      jobId,
      () => {
        lines++
      },
      { signal: stop.signal },
    ).catch(() => undefined),
  )
  await eventually('the log is seen', () => lines >= watchers, { within: 180 })

  const began = Date.now()
  const ends = began + seconds * 1000
  const took: number[] = []
  let refused = 0
  const { key } = await client.runs.participation({ params: { code: link } })
  const takePart = async (place: number): Promise<void> => {
    const { runId, token } = await client.runs.start({
      params: { code: link },
      body: {
        nonce: randomBytes(24).toString('base64url'),
        kid: key.kid,
        wrappedKey: randomBytes(384).toString('base64url'),
      },
    })
    // Not all in the same moment.
    await setTimeout((place * 1000) / participants)
    for (let seq = 1; Date.now() < ends; seq++) {
      const head = { alg: 'dir', enc: 'A256GCM', run: runId, seq, op: 'append', part: 'trials' }
      const parts = [JSON.stringify(head), '', randomBytes(12), randomBytes(1400), randomBytes(16)]
      const jwe = parts.map((part) => Buffer.from(part as string).toString('base64url')).join('.')
      const from = performance.now()
      await client.runs
        .append({
          params: { runId },
          headers: { authorization: `Bearer ${token}` },
          body: { first: seq, records: [{ op: 'append', part: 'trials', jwe }], produced: seq, position: seq },
        })
        .then(
          () => took.push(performance.now() - from),
          () => refused++,
        )
      await setTimeout(Math.max(0, 1000 - (performance.now() - from)))
    }
  }
  const looks: { at: number; host: number; below: number; log: number }[] = []
  const looking = setInterval(() => {
    const log = statSync(`${tableFile(storeFolder(host.home))}-wal`, { throwIfNoEntry: false })?.size ?? 0
    looks.push({ at: Date.now(), host: ownMemory(host.pid()), below: memoryBelow(host.pid()), log: log / megabyte })
  }, lookEvery)
  const collecting = setInterval(() => process.kill(host.pid(), 'SIGUSR2'), collectEvery)
  await Promise.all(Array.from({ length: participants }, (_, place) => takePart(place)))
  clearInterval(looking)
  clearInterval(collecting)
  stop.abort()
  await Promise.all(watching)

  const live = bytesOfItems(storeFolder(host.home)) + bytesBelow(join(host.home, 'objects'))
  const disk = bytesBelow(host.home)
  const slopes = {
    host: round(slope(looks.map(({ at, host: value }) => ({ at, value })))),
    below: round(slope(looks.map(({ at, below: value }) => ({ at, value })))),
  }
  const alive = readFileSync(aliveFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Alive)
    .map(({ heap, external }, place) => ({ at: place * collectEvery, value: (heap + external) / megabyte }))
  const aliveSlope = round(slope(alive))
  const log = Math.max(...looks.map((look) => look.log))
  report(
    'soak',
    values.quick,
    {
      minutes: round(seconds / 60),
      participants,
      watchers,
      appends: took.length,
      p50Ms: round(middle(took)),
      p99Ms: round(took.toSorted((one, other) => one - other)[Math.floor(took.length * 0.99)] ?? 0),
      linesSeen: lines,
      hostMb: { first: round(looks[0]?.host ?? 0), last: round(looks.at(-1)?.host ?? 0) },
      belowMb: { first: round(looks[0]?.below ?? 0), last: round(looks.at(-1)?.below ?? 0) },
      aliveMb: { first: round(alive[0]?.value ?? 0), last: round(alive.at(-1)?.value ?? 0) },
      growthMbPerMinute: { ...slopes, alive: aliveSlope },
      hostMbByMinute: looks.filter((_, place) => place % 12 === 0).map((look) => Math.round(look.host)),
      logMb: round(log),
      diskMb: round(disk / megabyte),
      liveMb: round(live / megabyte),
    },
    {
      refused: atMost(0, refused),
      hostGrowthMbPerMinute: atMost(1, slopes.host),
      aliveGrowthMbPerMinute: atMost(1, aliveSlope),
      belowGrowthMbPerMinute: atMost(1, slopes.below),
      logMb: atMost(64, round(log)),
      diskToLive: atMost(2, round((disk - log * megabyte) / live)),
    },
  )
} finally {
  await host.close()
  await rm(notes, { recursive: true, force: true })
}
