/**
 * Writes a run's log: lines of both streams, the platform's own words and samples, in one order, in few writes. Locally
 * into the run's file, in the container to standard output.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { sealLines } from './seal-words.ts'
import { encodeRecord, LineReader, type LogRecord } from '../domain/pipelines/log.ts'

/** Where encoded records go: whole lines, in order. The write is done when it returns. */
export interface LogSink {
  write(text: string): void
  close(): void
}

/** Milliseconds between writes, and bytes that do not wait for the next one. */
const writeEvery = 80
const writeAt = 1024 * 1024
/** What of each metric and how many steps a report tells. */
const mostMetrics = 500
const mostSteps = 500

/**
 * Appends to a file, which others read meanwhile: each write adds whole lines at the end (O_APPEND). A line that a
 * killed runner left unfinished is ended first. With a key every line is sealed.
 */
export function fileSink(path: string, key?: Uint8Array): LogSink {
  const fd = openSync(path, 'a+', 0o600)
  const { size } = fstatSync(fd)
  const last = Buffer.alloc(1)
  if (size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 10) writeSync(fd, '\n')
  const write = (text: string): void => {
    const bytes = Buffer.from(key ? sealLines(key, text) : text)
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
  }
  return { write, close: () => closeSync(fd) }
}

/**
 * Standard output, which awslogs takes line by line: each record with its place in front, since CloudWatch keeps none
 * (adapters/aws/logs.ts).
 */
export function placedSink(to: (text: string) => void, base: number): LogSink {
  let at = base
  return {
    write(text) {
      let placed = ''
      for (const line of text.split('\n')) {
        if (line === '') continue
        placed += `${at} ${line}\n`
        at += Buffer.byteLength(line) + 1
      }
      to(placed)
    },
    close: () => {},
  }
}

/** What a log came to. */
export interface LogCount {
  bytes: number
  records: number
  metrics: { name: string; value: number; step?: number; count: number }[]
  steps: { name: string; at: string }[]
}

/**
 * The log of one run. `most` bytes are kept; then one record says so, and only the platform's own records and samples
 * follow.
 */
export class RunLog {
  private readonly sink: LogSink
  private readonly most: number
  private readonly now: () => number
  private readonly readers = { out: new LineReader('out'), err: new LineReader('err') }
  private readonly metrics = new Map<string, LogCount['metrics'][number]>()
  private readonly steps: LogCount['steps'] = []
  private readonly timer: NodeJS.Timeout
  private waiting = ''
  private bytes = 0
  private records = 0
  private latest = 0
  private full = false
  private stopped = false
  /** The last words of standard error, for telling why a command ended. */
  private lastWords = ''

  constructor(sink: LogSink, most: number, now: () => number = Date.now) {
    this.sink = sink
    this.most = most
    this.now = now
    this.timer = setInterval(() => {
      this.tick()
    }, writeEvery)
  }

  /** Time never goes back within a log, whatever the clock does. */
  private time(): number {
    return (this.latest = Math.max(this.latest, this.now()))
  }

  /** Output of the command, as it came. */
  output(stream: 'out' | 'err', part: Uint8Array): void {
    for (const record of this.readers[stream].push(part, this.time())) this.line(record)
    if (this.waiting.length >= writeAt) this.flush()
  }

  /** A sentence of the platform's own. */
  say(text: string): void {
    this.add({ t: this.time(), s: 'sys', x: text })
  }

  usage(cpuPercent: number, rssBytes: number): void {
    this.add({ t: this.time(), s: 'sys', x: '', u: [Math.round(cpuPercent * 10) / 10, Math.round(rssBytes)] })
  }

  /** What standard error said last, at most 4 KiB. */
  get lastError(): string {
    return this.lastWords
  }

  /** Both streams are closed: what is left of them is written. */
  endOutput(): void {
    for (const stream of ['out', 'err'] as const)
      for (const record of this.readers[stream].finish(this.time())) this.line(record)
  }

  /** Writes everything out. */
  flush(): void {
    if (this.waiting === '') return
    const text = this.waiting
    this.waiting = ''
    this.sink.write(text)
  }

  /** So far; with `end` as the log's last record counted. */
  count(): LogCount {
    return { bytes: this.bytes, records: this.records, metrics: [...this.metrics.values()], steps: this.steps }
  }

  /** The last record. Nothing is written afterwards. */
  close(end: string, text: string): void {
    this.add({ t: this.time(), s: 'sys', x: text, end })
    this.stop()
  }

  /** Writes what is waiting and ends, without a last record: another attempt may go on. */
  stop(): void {
    if (this.stopped) return
    this.stopped = true
    clearInterval(this.timer)
    this.flush()
    this.sink.close()
  }

  private tick(): void {
    for (const stream of ['out', 'err'] as const)
      for (const record of this.readers[stream].tick(this.time())) this.line(record)
    this.flush()
  }

  private line(record: LogRecord): void {
    if (record.s === 'err' && record.p !== 1) this.lastWords = `${this.lastWords}${record.x}\n`.slice(-4096)
    if (record.step && this.steps.length < mostSteps)
      this.steps.push({ name: record.step, at: new Date(record.t).toISOString() })
    if (record.metric) {
      const [name, value, step] = record.metric
      const count = (this.metrics.get(name)?.count ?? 0) + 1
      if (count > 1 || this.metrics.size < mostMetrics)
        this.metrics.set(name, { name, value, ...(step === undefined ? {} : { step }), count })
    }
    if (this.full) return
    if (this.bytes < this.most) return this.add(record)
    this.full = true
    this.say(
      `The log has reached its limit of ${Math.round(this.most / 1e6)} MB. The run goes on; what it prints from here on is not kept.`,
    )
  }

  private add(record: LogRecord): void {
    const text = encodeRecord(record)
    this.waiting += text
    this.bytes += Buffer.byteLength(text)
    this.records++
  }
}
