import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeRecord } from '../../domain/pipelines/log.ts'
import { logsContract } from '../../ports/logs.contract.ts'
import { largestPage, logObjectOf, type Logs, placesOf } from '../../ports/logs.ts'

import type { LocalObjects } from '../local/objects.ts'
import { testObjects } from '../local/testing.ts'
import { readPlaced } from './log-records.ts'
import { awsLogs } from './logs.ts'
import { type LogsServer, startLogsServer } from './testing/logs-server.ts'

interface Parts {
  server: LogsServer
  objects: LocalObjects
  logs: Logs
  folder: string
  close(): Promise<void>
}
async function parts(page: number): Promise<Parts> {
  const server = await startLogsServer(page)
  const folder = await mkdtemp(join(tmpdir(), 'cloister-aws-logs-'))
  const { objects, close } = testObjects(folder)
  const logs = awsLogs({
    group: '/cloister/test/runs',
    objects,
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    pace: { look: 10, patience: 50 },
  })
  return {
    server,
    objects,
    logs,
    folder,
    close: async () => {
      await server.close()
      close()
      await rm(folder, { recursive: true })
    },
  }
}
const say = async (cloud: Parts, run: string, container: number, base: number): Promise<string> => {
  const stream = `runner/default/${run}-${container}`
  await cloud.objects.put(
    'released',
    logObjectOf.stream(run, container),
    Buffer.from(JSON.stringify({ stream, base })),
    'application/json',
  )
  return stream
}

logsContract('CloudWatch', async () => {
  const cloud = await parts(7)
  const begun = new Map<string, { stream: string; place: number; rest: string; time: number }>()
  return {
    logs: cloud.logs,
    // What the container prints reaches the service line by line.
    async write(run, text) {
      const at = begun.get(run) ?? { stream: await say(cloud, run, 0, 0), place: 0, rest: '', time: 1_700_000_000_000 }
      begun.set(run, at)
      const lines = (at.rest + text).split('\n')
      at.rest = lines.pop()!
      cloud.server.put(
        at.stream,
        lines.map((line) => {
          const message = `${at.place} ${line}`
          at.place += Buffer.byteLength(line) + 1
          return { timestamp: (at.time += 400), message }
        }),
      )
    },
    close: cloud.close,
  }
})

describe('a run in AWS', () => {
  let cloud: Parts
  beforeAll(async () => {
    cloud = await parts(100)
  })
  afterAll(() => cloud.close())
  const lines = (count: number, base: number, more?: string): { timestamp: number; message: string }[] => {
    let place = base
    return Array.from({ length: count }, (_, index) => {
      const text = encodeRecord({
        t: index,
        s: 'out',
        x: `line ${index}`,
        ...(more && index === count - 1 ? { end: more } : {}),
      }).trimEnd()
      const message = `${place} ${text}`
      place += text.length + 1
      return { timestamp: 1_700_000_000_000 + Math.floor(base / 2 ** 40) * 10_000_000 + index * 50, message }
    })
  }

  it('goes on in the next container where the one before it was lost', async () => {
    const run = 'job_two'
    const second = placesOf(1)
    cloud.server.put(await say(cloud, run, 0, 0), lines(150, 0))
    cloud.server.put(await say(cloud, run, 1, second), lines(120, second, 'finished'))
    const seen: string[] = []
    for await (const { records } of cloud.logs.follow(run, 0, new AbortController().signal))
      seen.push(...records.map((r) => r.x))
    expect(seen).toEqual([
      ...Array.from({ length: 150 }, (_, i) => `line ${i}`),
      ...Array.from({ length: 120 }, (_, i) => `line ${i}`),
    ])
    const tail = await cloud.logs.tail(run, undefined, { records: 130, bytes: 1e6 })
    expect([tail.records.length, tail.records[0]!.x, tail.records[10]!.x]).toEqual([130, 'line 140', 'line 0'])
    await cloud.logs.archive(run)
    expect(await cloud.logs.tail(run, undefined, { records: 130, bytes: 1e6 })).toEqual(tail)
  })
  it('finds a place in the middle of a long log with few requests', async () => {
    const run = 'job_long'
    const all = lines(20_000, 0)
    cloud.server.put(await say(cloud, run, 0, 0), all)
    const place = Number(all[15_000]!.message.split(' ')[0])
    const before = cloud.server.requests()
    expect((await cloud.logs.read(run, place, { records: 5, bytes: 1e6 })).records.map((r) => r.x)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `line ${15_000 + i}`),
    )
    expect((await cloud.logs.tail(run, place, { records: 5, bytes: 1e6 })).records.at(-1)!.x).toBe('line 14999')
    expect(cloud.server.requests() - before).toBeLessThan(40)
  })
  it('joins what the driver has split, and keeps to ids of runs', async () => {
    expect(readPlaced(['0 {"t":1,"s":"out","x":"a', 'b"}', 'noise']).map((r) => r.x)).toEqual([])
    expect(readPlaced(['0 {"t":1,"s":"out","x":"a', 'b"}', '26 {"t":1,"s":"out","x":"c"}']).map((r) => r.x)).toEqual([
      'ab',
      'c',
    ])
    await expect(cloud.logs.read('../x', 0, largestPage)).rejects.toThrow(RangeError)
  })
})
