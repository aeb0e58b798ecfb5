/**
 * The log of a run that goes on, in CloudWatch Logs: a stream for each container that ran it, found through the objects
 * in which the runner says which stream is its own. CloudWatch keeps times, not places.
 */
import {
  type CloudWatchLogsClient,
  GetLogEventsCommand,
  type OutputLogEvent,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs'
import type { LogRecord, PlacedRecord } from '../../domain/pipelines/log.ts'
import { logObjectOf, type LogPage, type PageLimits } from '../../ports/logs.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import { readJson } from './log-objects.ts'
import { cut, isFull, lastOf, placed, readPlaced } from './log-records.ts'

interface Stream {
  stream: string
  base: number
}
interface Chunk {
  records: PlacedRecord[]
  token: string | undefined
}
/** Where GetLogEvents begins or ends: a token of the answer before, or a time in milliseconds. */
interface Place {
  nextToken?: string
  startTime?: number | undefined
  endTime?: number | undefined
}
export interface LiveLogs {
  /** A page from a place on. */
  read(runId: string, from: number, limits: PageLimits): Promise<LogPage>
  /** The last page, or the last one before a place. */
  tail(runId: string, before: number | undefined, limits: PageLimits): Promise<LogPage>
}

/** A page of GetLogEvents holds at most 1 MB or this many events. */
const mostEvents = 10_000

/** The logs of one group. Throws what CloudWatch and the objects throw; a stream that is not there is an empty one. */
export function liveLogs(
  cloudwatch: CloudWatchLogsClient,
  group: string,
  objects: Pick<ObjectStore, 'get' | 'list'>,
): LiveLogs {
  /** Tokens by the place that follows them, so that reading on costs no search. */
  const tokens = new Map<string, string>()

  const streamsOf = async (runId: string): Promise<Stream[]> => {
    const found: Stream[] = []
    for await (const key of objects.list('released', logObjectOf.streams(runId))) {
      const stream = await readJson<Stream>(objects, key)
      if (stream) found.push(stream)
    }
    return found.sort((a, b) => a.base - b.base)
  }

  const events = async (
    stream: string,
    more: Place & { startFromHead: boolean; limit?: number },
  ): Promise<{ events: OutputLogEvent[]; forward: string | undefined; backward: string | undefined }> => {
    try {
      const answer = await cloudwatch.send(
        new GetLogEventsCommand({ logGroupName: group, logStreamName: stream, limit: mostEvents, ...more }),
      )
      return { events: answer.events ?? [], forward: answer.nextForwardToken, backward: answer.nextBackwardToken }
    } catch (e) {
      // The stream is made with its first event.
      if (e instanceof ResourceNotFoundException) return { events: [], forward: undefined, backward: undefined }
      throw e
    }
  }
  const recordsOf = (found: readonly OutputLogEvent[]): PlacedRecord[] => readPlaced(found.map((e) => e.message ?? ''))

  /**
   * The time of an event at or shortly before a place: places grow with time, so it is found by halving. Undefined for
   * an empty stream.
   */
  async function timeBefore(stream: string, place: number): Promise<number | undefined> {
    const [head, end] = await Promise.all([
      events(stream, { startFromHead: true, limit: 1 }),
      events(stream, { startFromHead: false, limit: 1 }),
    ])
    let lo = head.events[0]?.timestamp
    let hi = end.events.at(-1)?.timestamp
    if (lo === undefined || hi === undefined) return undefined
    while (hi - lo > 1000) {
      const mid = Math.floor((lo + hi) / 2)
      const [first] = recordsOf((await events(stream, { startFromHead: true, startTime: mid, limit: 3 })).events)
      if (first && first.id <= place) lo = mid
      else hi = mid
    }
    return lo
  }

  /** Some records of a stream from a place on; none when there are no more yet. */
  async function onward(stream: Stream, from: number): Promise<Chunk> {
    const key = (place: number): string => `${stream.stream} ${place}`
    let token = tokens.get(key(from))
    let start = token || from <= stream.base ? undefined : await timeBefore(stream.stream, from)
    for (;;) {
      const got = await events(stream.stream, {
        startFromHead: true,
        ...(token ? { nextToken: token } : { startTime: start }),
      })
      start = undefined
      const records = recordsOf(got.events).filter((r) => r.id >= from)
      if (records.length > 0 && got.forward) {
        tokens.set(key(records.at(-1)!.next), got.forward)
        if (tokens.size > 1000) tokens.delete(tokens.keys().next().value!)
      }
      if (records.length > 0 || got.forward === undefined || got.forward === token)
        return { records, token: got.forward }
      token = got.forward
    }
  }

  const conclusionAt = async (runId: string, at: number): Promise<PlacedRecord | undefined> => {
    const record = await readJson<LogRecord>(objects, logObjectOf.conclusion(runId))
    return record && placed(record, at)
  }

  async function readLive(runId: string, from: number, limits: PageLimits): Promise<LogPage> {
    const streams = await streamsOf(runId)
    for (const [index, stream] of streams.entries()) {
      if ((streams[index + 1]?.base ?? Number.POSITIVE_INFINITY) <= from) continue
      const { records } = await onward(stream, Math.max(from, stream.base))
      const kept = cut(records, limits)
      if (kept.length > 0)
        return { records: kept, first: kept[0]!.id, next: kept.at(-1)!.next, ended: kept.at(-1)!.end !== undefined }
    }
    const tail = await tailLive(runId, undefined, { records: 1, bytes: 1 })
    const last = tail.records.at(-1)
    const end = last?.next ?? 0
    if (last?.end !== undefined) {
      const records = last.id >= from ? [last] : []
      return { records, first: records[0]?.id ?? end, next: end, ended: true }
    }
    const reached = last ? Math.min(from, end) : 0
    return { records: [], first: reached, next: reached, ended: false }
  }

  async function tailLive(runId: string, before: number | undefined, limits: PageLimits): Promise<LogPage> {
    const streams = (await streamsOf(runId)).filter((s) => before === undefined || s.base < before).reverse()
    let found: PlacedRecord[] = []
    for (const stream of streams) {
      // A second later than an event at or before the place: what lies behind it is dropped by its place.
      const time = before === undefined ? undefined : await timeBefore(stream.stream, before)
      const endTime = time === undefined ? undefined : time + 2000
      let token: string | undefined
      while (!isFull(found, limits)) {
        const got = await events(stream.stream, {
          startFromHead: false,
          ...(token ? { nextToken: token } : { endTime }),
        })
        found = [...recordsOf(got.events).filter((r) => before === undefined || r.id < before), ...found]
        if (got.backward === undefined || got.backward === token) break
        token = got.backward
      }
      if (isFull(found, limits)) break
    }
    const end = found.at(-1)
    if (end?.end === undefined && (before === undefined || !end || before > end.next)) {
      const last = await conclusionAt(runId, end?.next ?? 0)
      if (last && (before === undefined || last.id < before)) found.push(last)
    }
    return lastOf(found, limits)
  }

  return { read: readLive, tail: tailLive }
}
