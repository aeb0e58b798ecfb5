/**
 * Logs in AWS. A live one is in CloudWatch Logs, where awslogs puts what the runner prints: each line a record with its
 * place in front, because CloudWatch keeps no places of its own. Which stream it is the runner says in an object. When
 * a run is over its log is copied into objects of a few megabytes, which stay; the places stay the same.
 */
import {
  CloudWatchLogsClient,
  type CloudWatchLogsClientConfig,
  GetLogEventsCommand,
  type OutputLogEvent,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs'
import {
  decodeRecord,
  encodeRecord,
  type LogRecord,
  type PlacedRecord,
  recordBytes,
} from '../../domain/pipelines/log.ts'
import {
  followPage,
  isRunId,
  largestPage,
  logObjectOf,
  type LogPage,
  type Logs,
  type PageLimits,
} from '../../ports/logs.ts'
import { ObjectMissing, type ObjectStore } from '../../ports/objects.ts'

export interface AwsLogsOptions extends Pick<CloudWatchLogsClientConfig, 'endpoint' | 'region' | 'credentials'> {
  group: string
  objects: Pick<ObjectStore, 'get' | 'put' | 'list'>
  client?: CloudWatchLogsClient
  /**
   * Milliseconds between looks at a log that grows, and how long `archive` waits for a last record that is still on its
   * way: for tests.
   */
  pace?: { look: number; patience: number }
}

interface Stream {
  stream: string
  base: number
}
interface Index {
  parts: { from: number; to: number }[]
  ended: boolean
}
interface Chunk {
  records: PlacedRecord[]
  token: string | undefined
}

const partBytes = 4 * 1024 * 1024
/** A page of GetLogEvents holds at most 1 MB or this many events. */
const mostEvents = 10_000
const text = new TextDecoder()
const bytes = new TextEncoder()
const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })

const placed = (r: LogRecord, id: number): PlacedRecord => ({ ...r, id, next: id + recordBytes(r) })

/**
 * Records of lines `PLACE JSON`. A line without a place is the rest of the one before it: the driver splits what is too
 * long for it.
 */
export function readPlaced(lines: readonly string[]): PlacedRecord[] {
  const whole: string[] = []
  for (const line of lines)
    if (/^\d{1,16} \{/.test(line)) whole.push(line)
    else if (whole.length > 0) whole[whole.length - 1] += line
  return whole.flatMap((line) => {
    const space = line.indexOf(' ')
    const id = Number(line.slice(0, space))
    const json = line.slice(space + 1)
    const r = decodeRecord(json)
    return r ? [{ ...r, id, next: id + bytes.encode(json).length + 1 }] : []
  })
}

/** Places jump from one container to the next, so bytes are added up. */
const sizeOf = (records: readonly PlacedRecord[]): number => records.reduce((n, r) => n + r.next - r.id, 0)

/** As many as a page may hold, at least one. */
function cut(records: readonly PlacedRecord[], limits: PageLimits): PlacedRecord[] {
  let size = 0
  const most = records.slice(0, limits.records)
  const over = most.findIndex((r, i) => (size += r.next - r.id) > limits.bytes && i > 0)
  return over < 0 ? most : most.slice(0, over)
}

/** The logs of an installation. */
export function awsLogs({
  group,
  objects,
  client,
  pace = { look: 1000, patience: 30_000 },
  ...options
}: AwsLogsOptions): Logs {
  const cloudwatch =
    client ??
    new CloudWatchLogsClient({
      ...options,
      maxAttempts: 6,
      requestHandler: { connectionTimeout: 3000, requestTimeout: 10_000 },
    })
  /** Tokens by the place that follows them, so that reading on costs no search. */
  const tokens = new Map<string, string>()
  const archived = new Map<string, Index>()

  const json = async <T>(key: string): Promise<T | undefined> => {
    try {
      return JSON.parse(text.decode(await objects.get('released', key))) as T
    } catch (e) {
      if (e instanceof ObjectMissing) return undefined
      throw e
    }
  }
  const checked = (runId: string): string => {
    if (!isRunId(runId)) throw new RangeError('not the id of a run')
    return runId
  }
  const indexOf = async (runId: string): Promise<Index | undefined> => {
    const known = archived.get(checked(runId)) ?? (await json<Index>(logObjectOf.index(runId)))
    if (known) {
      archived.set(runId, known)
      if (archived.size > 100) archived.delete(archived.keys().next().value!)
    }
    return known
  }
  const streamsOf = async (runId: string): Promise<Stream[]> => {
    const found: Stream[] = []
    for await (const key of objects.list('released', logObjectOf.streams(runId))) {
      const s = await json<Stream>(key)
      if (s) found.push(s)
    }
    return found.sort((a, b) => a.base - b.base)
  }
  const part = async (runId: string, from: number): Promise<PlacedRecord[]> =>
    readPlaced(
      text
        .decode(await objects.get('released', logObjectOf.part(runId, from)))
        .split('\n')
        .filter((l) => l !== ''),
    )

  const events = async (
    stream: string,
    more: { nextToken?: string; startTime?: number; endTime?: number; startFromHead: boolean; limit?: number },
  ): Promise<{ events: OutputLogEvent[]; forward: string | undefined; backward: string | undefined }> => {
    try {
      const r = await cloudwatch.send(
        new GetLogEventsCommand({ logGroupName: group, logStreamName: stream, limit: mostEvents, ...more }),
      )
      return { events: r.events ?? [], forward: r.nextForwardToken, backward: r.nextBackwardToken }
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
  async function onward(s: Stream, from: number): Promise<Chunk> {
    const key = (place: number): string => `${s.stream} ${place}`
    let token = tokens.get(key(from))
    let start = token || from <= s.base ? undefined : await timeBefore(s.stream, from)
    for (;;) {
      const got = await events(s.stream, {
        startFromHead: true,
        ...(token ? { nextToken: token } : start === undefined ? {} : { startTime: start }),
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
    const r = await json<LogRecord>(logObjectOf.conclusion(runId))
    return r && placed(r, at)
  }

  async function readLive(runId: string, from: number, limits: PageLimits): Promise<LogPage> {
    const streams = await streamsOf(runId)
    for (const [i, s] of streams.entries()) {
      if ((streams[i + 1]?.base ?? Number.POSITIVE_INFINITY) <= from) continue
      const { records } = await onward(s, Math.max(from, s.base))
      const kept = cut(records, limits)
      if (kept.length > 0)
        return { records: kept, first: kept[0]!.id, next: kept.at(-1)!.next, ended: kept.at(-1)!.end !== undefined }
    }
    const { records } = await tailLive(runId, undefined, { records: 1, bytes: 1 })
    const last = records.at(-1)
    const end = last?.next ?? 0
    if (last?.end !== undefined)
      return last.id >= from
        ? { records: [last], first: last.id, next: last.next, ended: true }
        : { records: [], first: end, next: end, ended: true }
    return { records: [], first: last ? Math.min(from, end) : 0, next: last ? Math.min(from, end) : 0, ended: false }
  }

  async function tailLive(runId: string, before: number | undefined, limits: PageLimits): Promise<LogPage> {
    const streams = (await streamsOf(runId)).filter((s) => before === undefined || s.base < before).reverse()
    let found: PlacedRecord[] = []
    const full = (): boolean => found.length >= limits.records || sizeOf(found) >= limits.bytes
    for (const s of streams) {
      // A second later than an event at or before the place: what lies behind it is dropped by its place.
      const time = before === undefined ? undefined : await timeBefore(s.stream, before)
      let token: string | undefined
      while (!full()) {
        const got = await events(s.stream, {
          startFromHead: false,
          ...(token ? { nextToken: token } : time === undefined ? {} : { endTime: time + 2000 }),
        })
        found = [...recordsOf(got.events).filter((r) => before === undefined || r.id < before), ...found]
        if (got.backward === undefined || got.backward === token) break
        token = got.backward
      }
      if (full()) break
    }
    const end = found.at(-1)
    if (end?.end === undefined && (before === undefined || !end || before > end.next)) {
      const last = await conclusionAt(runId, end?.next ?? 0)
      if (last && (before === undefined || last.id < before)) found.push(last)
    }
    return lastOf(found, limits)
  }

  function lastOf(found: readonly PlacedRecord[], limits: PageLimits): LogPage {
    let kept = found.slice(-limits.records)
    let size = sizeOf(kept)
    let from = 0
    for (; from < kept.length - 1 && size > limits.bytes; from++) size -= kept[from]!.next - kept[from]!.id
    kept = kept.slice(from)
    return {
      records: kept,
      first: kept[0]?.id ?? 0,
      next: kept.at(-1)?.next ?? 0,
      ended: kept.at(-1)?.end !== undefined,
    }
  }

  async function readArchive(runId: string, index: Index, from: number, limits: PageLimits): Promise<LogPage> {
    const p = index.parts.find((x) => x.to > from)
    const end = index.parts.at(-1)?.to ?? 0
    if (!p) return { records: [], first: end, next: end, ended: true }
    const records = cut(
      (await part(runId, p.from)).filter((r) => r.id >= from),
      limits,
    )
    // A place within the last record of a part.
    if (records.length === 0)
      return readArchive(runId, { ...index, parts: index.parts.filter((x) => x.from >= p.to) }, p.to, limits)
    return { records, first: records[0]!.id, next: records.at(-1)!.next, ended: records.at(-1)!.next >= end }
  }

  async function tailArchive(
    runId: string,
    index: Index,
    before: number | undefined,
    limits: PageLimits,
  ): Promise<LogPage> {
    let found: PlacedRecord[] = []
    for (const p of index.parts.filter((x) => before === undefined || x.from < before).reverse()) {
      found = [...(await part(runId, p.from)).filter((r) => before === undefined || r.id < before), ...found]
      if (found.length >= limits.records || sizeOf(found) >= limits.bytes) break
    }
    return lastOf(found, limits)
  }

  const read: Logs['read'] = async (runId, from, limits) => {
    const index = await indexOf(runId)
    return index ? readArchive(runId, index, from, limits) : readLive(runId, from, limits)
  }

  return {
    read,
    async tail(runId, before, limits) {
      const index = await indexOf(runId)
      return index ? tailArchive(runId, index, before, limits) : tailLive(runId, before, limits)
    },
    async *follow(runId, from, signal) {
      for (let at = from, silent = 0; !signal.aborted;) {
        const page = await read(runId, at, followPage)
        if (page.records.length > 0 || page.ended) {
          at = page.next
          silent = 0
          yield page
        } else silent++
        if (page.ended) return
        // GetLogEvents takes 25 requests a second of an account: who waits long asks seldom.
        if (page.records.length < followPage.records) await pause(pace.look * Math.min(3, 1 + silent / 10), signal)
      }
    },
    async conclude(runId, record) {
      if ((await this.tail(runId, undefined, { records: 1, bytes: 1 })).ended) return
      await objects.put(
        'released',
        logObjectOf.conclusion(checked(runId)),
        bytes.encode(encodeRecord(record)),
        'application/json',
      )
    },
    async archive(runId) {
      if (await indexOf(runId)) return
      // What was printed last may be on its way for some seconds.
      for (
        const until = Date.now() + pace.patience;
        !(await tailLive(runId, undefined, { records: 1, bytes: 1 })).ended && Date.now() < until;
      )
        await pause(pace.look)
      const index: Index = { parts: [], ended: false }
      let waiting = ''
      let from = 0
      let to = 0
      const write = async (): Promise<void> => {
        if (waiting === '') return
        await objects.put('released', logObjectOf.part(runId, from), bytes.encode(waiting), 'application/x-ndjson')
        index.parts.push({ from, to })
        waiting = ''
      }
      for (let at = 0; ;) {
        const page = await readLive(runId, at, largestPage)
        for (const r of page.records) {
          const { id, next, ...record } = r
          if (waiting === '') from = id
          waiting += `${id} ${encodeRecord(record)}`
          to = next
          if (waiting.length >= partBytes) await write()
        }
        index.ended = page.ended
        if (page.ended || page.records.length === 0) break
        at = page.next
      }
      await write()
      await objects.put('released', logObjectOf.index(runId), bytes.encode(JSON.stringify(index)), 'application/json')
    },
  }
}
