/**
 * Live logs: 20 runs that write 1,000 lines a second in all, one watcher each over HTTP as the portal does it. In the
 * middle the host is killed (SIGKILL) and started again.
 *
 * Each line carries the time at which the command printed it. Delay is from there to the moment when the watcher has
 * the parsed event: through the pipe, the runner, the file, the host and the stream. Lines printed while their watcher
 * had no connection count for loss and order, and their delay is told apart. Prints last one line of JSON.
 *
 * `--seconds N` (default 40), `--runs N` (20), `--rate N` lines a second in all (1000), `--no-kill`; `--quick` 4 seconds
 * of 2 runs, 40 lines a second in all.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { localLogs } from '../adapters/local/logs.ts'
import { freePort } from '../local/testing.ts'
import { experimentOf, hostProcess, over, watchLog } from '../test/logs-support.ts'
import { ensureRuntimes } from '../tools/runtimes.ts'
import { atMost, need, report } from './report.ts'
import { eventually } from '../test/eventually.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '40' },
    runs: { type: 'string', default: '20' },
    rate: { type: 'string', default: '1000' },
    'no-kill': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
})
const runs = values.quick ? 2 : Number(values.runs)
const each = (values.quick ? 40 : Number(values.rate)) / runs
const seconds = values.quick ? 4 : Number(values.seconds)

/** Keeps its pace whatever the machine does: a line that is late does not delay the others. */
const code = `import sys, time
count, pause = int(sys.argv[1]), float(sys.argv[2])
began = time.time()
for i in range(count):
    wait = began + i * pause - time.time()
    if wait > 0: time.sleep(wait)
    print(f'line {i} {time.time():.4f} frame registered, shift (0.4, -1.2), correlation 0.973', flush=True)
`
const rss = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1024
const percentile = (x: number[], p: number): number =>
  x.toSorted((a, b) => a - b)[Math.min(x.length - 1, Math.floor(x.length * p))] ?? 0
const mean = (x: number[]): number => x.reduce((a, b) => a + b, 0) / Math.max(1, x.length)

await need(ensureRuntimes)
const host = await hostProcess(await freePort(), runs)
try {
  const { client, options, organisationId } = await host.as('rosa@demo.cloister')
  const experimentId = await experimentOf(client, organisationId, 'lines', code, {
    resources: { seconds: seconds * 5 + 600 },
  })
  const started = await Promise.all(
    Array.from({ length: runs }, () =>
      client.pipelines.start({
        params: { experimentId },
        body: { parameters: { count: Math.round(each * seconds), pause: 1 / each } },
      }),
    ),
  )
  const outage = { from: Number.POSITIVE_INFINITY, to: Number.POSITIVE_INFINITY }
  const seen = started.map(() => ({ next: 0, outOfOrder: 0, begun: 0, open: 0, reopened: false }))
  const delays: number[] = []
  const caughtUp: number[] = []
  const memory: number[] = []
  let reconnects = 0
  const watching = started.map(({ jobId }, i) =>
    watchLog(
      options,
      jobId,
      (r) => {
        const m = /^line (\d+) ([\d.]+) /.exec(r.x)
        // A line that was begun and not ended is shown, and comes again whole.
        if (!m || r.s !== 'out' || r.p === 1) return
        const written = Number(m[2]) * 1000
        const now = Date.now()
        const s = seen[i]!
        if (Number(m[1]) !== s.next) s.outOfOrder++
        s.next = Number(m[1]) + 1
        s.begun ||= now
        if (written < s.open && s.reopened) caughtUp.push(now - written)
        else delays.push(now - written)
      },
      {
        connection: (c) => {
          const s = seen[i]!
          if (c === 'lost') {
            reconnects++
            s.reopened = true
          } else s.open = Date.now()
        },
      },
    ),
  )
  await eventually('all runs are at work', () => seen.every((s) => s.begun > 0), { within: 180 })
  process.stderr.write(`All ${runs} are at work.\n`)
  const sampling = setInterval(() => {
    try {
      memory.push(rss(host.pid()))
    } catch {
      /* between two hosts */
    }
  }, 1000)
  let firstHost: number[] = []
  if (!values['no-kill']) {
    await setTimeout((seconds * 1000) / 2)
    firstHost = memory.splice(0)
    outage.from = Date.now()
    await host.kill()
    await host.start()
    outage.to = Date.now()
  }
  await Promise.all(watching)
  clearInterval(sampling)
  const ends = await Promise.all(started.map(({ jobId }) => over(client, jobId, 120)))
  // What was written is in the files; what was seen is counted against them.
  const logs = await localLogs({ folder: join(host.home, 'logs') })
  let written = 0
  for (const { jobId } of started)
    for (let at = 0, ended = false; !ended;) {
      const page = await logs.read(jobId, at, { records: 5000, bytes: 2 << 20 })
      written += page.records.filter((r) => r.s === 'out' && r.p !== 1 && r.x.startsWith('line ')).length
      at = page.next
      ended = page.ended
    }
  const got = delays.length + caughtUp.length
  const asked = Math.round(each * seconds) * runs
  const third = (x: number[], n: number): number =>
    Math.round(mean(x.slice(Math.floor((x.length * n) / 3), Math.ceil((x.length * (n + 1)) / 3))))
  const p95 = Math.round(percentile(delays, 0.95))
  const lost = asked - got
  const outOfOrder = seen.reduce((n, s) => n + s.outOfOrder, 0)
  // Of the host that had run for a while: one that has just started grows until it is warm.
  const steady = firstHost.length ? firstHost : memory
  const [early, , late] = [0, 1, 2].map((n) => third(steady, n)) as [number, number, number]
  report(
    'logs',
    values.quick,
    {
      runs,
      watchers: runs,
      linesPerSecond: each * runs,
      seconds,
      printed: asked,
      inFiles: written,
      received: got,
      delayMs: {
        p50: Math.round(percentile(delays, 0.5)),
        p95,
        p99: Math.round(percentile(delays, 0.99)),
        max: Math.round(percentile(delays, 1)),
      },
      ...(values['no-kill']
        ? {}
        : {
            killed: {
              outageMs: Math.round(outage.to - outage.from),
              lines: caughtUp.length,
              reconnects,
              p95DelayMs: Math.round(percentile(caughtUp, 0.95)),
            },
          }),
      hostMemoryMb: {
        ...(firstHost.length ? { beforeKill: [0, 1, 2].map((n) => third(firstHost, n)) } : {}),
        [firstHost.length ? 'afterKill' : 'thirds']: [0, 1, 2].map((n) => third(memory, n)),
      },
      states: Object.fromEntries([...Map.groupBy(ends, (e) => e.state)].map(([k, v]) => [k, v.length])),
    },
    {
      p95DelayMs: atMost(500, p95),
      lost: atMost(0, lost),
      outOfOrder: atMost(0, outOfOrder),
      memoryGrowth: atMost(1.3, Number((late / Math.max(1, early)).toFixed(2))),
    },
  )
} finally {
  await host.close()
}
