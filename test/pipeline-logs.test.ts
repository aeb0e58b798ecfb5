/**
 * Runs as people meet them, over HTTP: however one ends, its log is there to the last line, its state is right, and a
 * sentence says what to do.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, type ClientOptions, ProblemError } from '../clients/api.ts'
import type { PlacedRecord } from '../domain/pipelines/log.ts'
import { freePort } from '../local/testing.ts'
import { experimentOf, type HostProcess, hostProcess, over, type Run, watchLog } from './logs-support.ts'

let host: HostProcess
let client: Client
let options: ClientOptions
let organisationId: string
beforeAll(async () => {
  host = await hostProcess(await freePort(), 6)
  ;({ client, options, organisationId } = await host.as('rosa@demo.cloister'))
}, 120_000)
afterAll(() => host.close(), 30_000)

let serial = 0
const start = async (code: string, more: Parameters<typeof experimentOf>[4] = {}, parameters = {}): Promise<string> =>
  (
    await client.pipelines.start({
      params: { experimentId: await experimentOf(client, organisationId, `probe-${serial++}`, code, more) },
      body: { parameters },
    })
  ).jobId
const said = (records: readonly PlacedRecord[]): string[] =>
  records.filter((r) => r.s !== 'sys' && r.p !== 1).map((r) => r.x)

/** Watches a run to its end; answers what the stream said and what the run came to. */
async function watched(
  jobId: string,
  seen: (r: PlacedRecord) => void = () => {},
): Promise<{ records: PlacedRecord[]; run: Run }> {
  const records: PlacedRecord[] = []
  await watchLog(options, jobId, (r) => {
    records.push(r)
    seen(r)
  })
  return { records, run: await over(client, jobId) }
}

describe('a run', () => {
  it('that the out-of-memory watch, its time limit or a person ends, or whose program is not there', async () => {
    const sleeper = 'import time\nprint("begun", flush=True)\nwhile True: time.sleep(0.2)'
    // Between the limit and what a process may ask for at all, once, and then it waits: the watch ends it, and nothing
    // else can. What asks for more than that is told by its own interpreter, which is the other way to the same end.
    const holds = 'import time\nprint("before", flush=True)\nheld = b"x" * 270_000_000\nwhile True: time.sleep(0.2)'
    const asks = 'print("before", flush=True)\nheld = b"x" * 900_000_000'
    const [watch, oom, late, stopped, missing] = await Promise.all([
      start(holds, { resources: { memoryMb: 200 } }),
      start(asks, { resources: { memoryMb: 200 } }),
      start(sleeper, { resources: { seconds: 3 } }),
      start(sleeper),
      start('', { command: ['cellpose', '--dir', '{{output}}'] }),
    ])
    const ends = await Promise.all([
      watched(watch),
      watched(oom),
      watched(late),
      watched(stopped, (r) => {
        if (r.x === 'begun') void client.pipelines.cancel({ params: { jobId: stopped } })
      }),
      watched(missing),
    ])
    expect(
      ends.map(({ run, records }) => [run.state, run.problem?.code, said(records).join(), records.at(-1)!.end]),
    ).toEqual([
      ['failed', 'memory-limit', 'before', 'memory-limit'],
      ['failed', 'memory-limit', expect.stringMatching(/^before,Traceback .*,MemoryError$/), expect.any(String)],
      ['failed', 'time-limit', 'begun', 'time-limit'],
      ['cancelled', 'cancelled', 'begun', 'cancelled'],
      ['failed', 'command-not-found', '', 'not-started'],
    ])
    for (const { run, records } of ends) {
      expect(run.problem!.todo.length).toBeGreaterThan(20)
      expect(records.at(-1)!.x).toContain(run.problem!.todo)
      // The same address, afterwards.
      const { records: kept, ended } = await client.pipelines.log({
        params: { jobId: run.jobId },
        query: { limit: 5000 },
      })
      expect([kept, ended]).toEqual([records, true])
    }
    expect(ends[4]!.run.problem!.message).toContain('cellpose')
  }, 60_000)

  it('whose host is killed goes on; nobody loses a line, and it succeeds', async () => {
    const code =
      'import sys, time\nfor i in range(int(sys.argv[1])):\n    print("line", i, flush=True); time.sleep(float(sys.argv[2]))\nopen(sys.argv[3] + "/done.txt", "w").write("x")'
    const jobId = await start(code, {}, { count: 160, pause: 0.05 })
    let lost = 0
    let killed: Promise<void> | undefined
    const records: PlacedRecord[] = []
    await watchLog(
      options,
      jobId,
      (r) => {
        records.push(r)
        if (r.x === 'line 20') killed ??= host.kill().then(() => host.start())
      },
      {
        connection: (c) => {
          if (c === 'lost') lost++
        },
      },
    )
    await killed
    const run = await over(client, jobId)
    expect(lost).toBeGreaterThan(0)
    expect(said(records)).toEqual(Array.from({ length: 160 }, (_, i) => `line ${i}`))
    expect([run.state, run.exitCode, run.artifacts]).toEqual(['succeeded', 0, 1])
  }, 90_000)

  it('whose machine goes away is failed, with its log whole up to then, and is not run twice', async () => {
    const jobId = await start('import time\nprint("begun", flush=True)\ntime.sleep(600)')
    const { records, run } = await watched(jobId, (r) => {
      if (r.x === 'begun')
        void readFile(join(host.home, 'runners', `${jobId}.json`), 'utf8').then((text) =>
          process.kill(-(JSON.parse(text) as { pid: number }).pid, 'SIGKILL'),
        )
    })
    expect([run.state, run.problem!.code, said(records), records.at(-1)!.end]).toEqual([
      'failed',
      'interrupted',
      ['begun'],
      'interrupted',
    ])
    expect(records.filter((r) => r.x.startsWith('Started'))).toHaveLength(1)
  }, 60_000)
})

describe('the log', () => {
  it('is read by pages both ways, as a file, and from where one was; nobody else sees it', async () => {
    const jobId = await start(
      'import sys\nfor i in range(500): print("row", i)\nprint("\\x1b[31mred\\x1b[0m", file=sys.stderr)',
    )
    const { records } = await watched(jobId)
    const params = { jobId }
    const tail = await client.pipelines.log({ params, query: { tail: 'true', limit: 10 } })
    expect(tail.records).toEqual(records.slice(-10))
    expect(
      (await client.pipelines.log({ params, query: { tail: 'true', limit: 5, from: tail.first } })).records,
    ).toEqual(records.slice(-15, -10))
    const again: PlacedRecord[] = []
    await watchLog(options, jobId, (r) => again.push(r), { after: records[199]!.next })
    expect(again).toEqual(records.slice(200))
    const get = async (path: string, token: string | undefined): Promise<Response> =>
      fetch(`${host.origin}/api/pipeline-runs/${jobId}/log/${path}`, { headers: { authorization: `Bearer ${token}` } })
    const text = await (await get('download', await options.token())).text()
    expect(text.split('\n').filter((l) => / out row /.test(l))).toHaveLength(500)
    expect((await (await get('download?format=jsonl', await options.token())).text()).split('\n').length - 1).toBe(
      records.length,
    )
    const stranger = await host.as('sam@stranger.cloister')
    for (const path of ['download', 'events'])
      expect((await get(path, await stranger.options.token())).status).toBe(404)
    expect((await get('events', 'nothing')).status).toBe(401)
    await expect(watchLog(stranger.options, jobId, () => {})).rejects.toThrow(ProblemError)
    await expect(stranger.client.pipelines.log({ params })).rejects.toThrow(ProblemError)
  }, 60_000)
})
