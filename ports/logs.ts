/**
 * Logs of runs: records by their place (domain/pipelines/log.ts). While a run is live its runner writes; afterwards the
 * same places are read for ever.
 */
import type { LogRecord, PlacedRecord } from '../domain/pipelines/log.ts'

export interface LogPage {
  records: PlacedRecord[]
  /** Where reading goes on after this page; also when nothing was found. */
  next: number
  /** Where this page begins: nothing before it was looked at. */
  first: number
  /** The log's last record is among these, or lies before them: nothing will follow. */
  ended: boolean
}
export interface PageLimits {
  records: number
  bytes: number
}

export interface Logs {
  /**
   * Records from a place on, at most as many as `limits` says (and at least one, if there is one). A place within a
   * record leads to the one after it. A run without a log yet has an empty one.
   */
  read(runId: string, from: number, limits: PageLimits): Promise<LogPage>
  /** The last records before a place (or of all); `next` is the place after the last of them. */
  tail(runId: string, before: number | undefined, limits: PageLimits): Promise<LogPage>
  /**
   * Pages as they come, none of them empty unless it is the last; ends after the page that says `ended`, or when
   * `signal` fires.
   */
  follow(runId: string, from: number, signal: AbortSignal): AsyncIterable<LogPage>
  /**
   * The platform's own word at the end of a log, when whoever wrote it is gone. Nothing happens when the log has ended.
   */
  conclude(runId: string, record: LogRecord & { end: string }): Promise<void>
  /** Keeps the log where it stays for ever; safe to run twice. Call it when nobody writes any more. */
  archive(runId: string): Promise<void>
}

/** What a page of the API takes at most, so that no log of any size fills a function's memory. */
export const largestPage: PageLimits = { records: 5000, bytes: 2 * 1024 * 1024 }
/** What is read at once while following. */
export const followPage: PageLimits = { records: 2000, bytes: 512 * 1024 }

/** Objects of a log in the bucket `released`, where there are some: docs/architecture.md, section 3. */
export const logObjectOf = {
  /**
   * Which stream of CloudWatch Logs a container writes to: `{ stream, base }`. Containers are counted over a run's
   * attempts, `containersPerAttempt` each.
   */
  streams: (runId: string): string => `runs/${runId}/streams/`,
  stream: (runId: string, container: number): string =>
    `runs/${runId}/streams/${String(container).padStart(3, '0')}.json`,
  conclusion: (runId: string): string => `runs/${runId}/log/conclusion.json`,
  index: (runId: string): string => `runs/${runId}/log/index.json`,
  part: (runId: string, from: number): string => `runs/${runId}/log/${String(from).padStart(16, '0')}.jsonl`,
} as const
/** How often Batch starts a container for one attempt, at most (lib/jobs-compute.ts). */
export const containersPerAttempt = 3
/** Places of a container's records begin here: more than any log holds lies between two. */
export const placesOf = (container: number): number => container * 2 ** 40

/** Ids of runs, as they appear in names of files and objects. */
export const isRunId = (text: string): boolean => /^job_[0-9a-z]{1,64}$/.test(text)
