/**
 * The log of a run: JSON records, one a line, in the order in which they were written. A record's id is the place of
 * its first byte in the log, so ids grow, and `Last-Event-ID` is simply the place to go on reading from.
 */
export interface LogRecord {
  /** Milliseconds since the epoch, when the platform read it. Never less than the record's before it. */
  t: number
  /** The command's standard output or standard error, or the platform itself. */
  s: 'out' | 'err' | 'sys'
  /** One line without its end. */
  x: string
  /**
   * A progress line (`\r`, or a line that is not ended yet): it takes the place of the one before it of the same
   * stream. 1: another one may follow; 2: this is how the line ended.
   */
  p?: 1 | 2
  /** A sample of the whole process tree: CPU in percent of one processor, resident bytes. `x` is empty. */
  u?: [cpuPercent: number, rssBytes: number]
  /** Declared by the command: a line `cloister: step NAME`. */
  step?: string
  /** Declared by the command: a line `cloister: progress DONE/TOTAL`. */
  progress?: [done: number, total: number]
  /** Declared by the command: a line `cloister: metric NAME VALUE [STEP]`. */
  metric?: [name: string, value: number] | [name: string, value: number, step: number]
  /** The last record of a log: how the run ended. */
  end?: string
}

/** A record with its place; `next` is where the record after it begins. */
export interface PlacedRecord extends LogRecord {
  id: number
  next: number
}

/** A longer line is split. Bytes of UTF-8. */
export const longestLine = 64 * 1024
/**
 * At most one progress record of a stream in this time, in milliseconds. A line that was begun and not ended is shown
 * after as long.
 */
export const progressEvery = 250
/** Whole numbers that JSON keeps: places beyond are none. */
export const farthest = Number.MAX_SAFE_INTEGER

const utf8 = new TextEncoder()

/** A record as one line of the log, with its end. */
export const encodeRecord = (r: LogRecord): string => `${JSON.stringify(r)}\n`
/** How many bytes a record has in the log. */
export const recordBytes = (r: LogRecord): number => utf8.encode(encodeRecord(r)).length

/** A record read back, or undefined when the line is none (a write that was cut short). */
export function decodeRecord(line: string): LogRecord | undefined {
  try {
    const parsed = JSON.parse(line) as Partial<LogRecord> | null
    return typeof parsed === 'object' &&
      parsed !== null &&
      typeof parsed.t === 'number' &&
      typeof parsed.x === 'string' &&
      (parsed.s === 'out' || parsed.s === 'err' || parsed.s === 'sys')
      ? (parsed as LogRecord)
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Records of the whole lines in `bytes`, which begin at place `from` of the log. `next` is the place after the last
 * whole line. Bytes that are no record are passed over. `opened` makes of a line as it lies there the one that was
 * written.
 */
export function decodeRecords(
  bytes: Uint8Array,
  from: number,
  most = Number.POSITIVE_INFINITY,
  opened: (line: string) => string = (line) => line,
): { records: PlacedRecord[]; next: number } {
  const text = new TextDecoder()
  const records: PlacedRecord[] = []
  let at = 0
  while (records.length < most) {
    const end = bytes.indexOf(10, at)
    if (end < 0) break
    const record = decodeRecord(opened(text.decode(bytes.subarray(at, end))))
    if (record) records.push({ ...record, id: from + at, next: from + end + 1 })
    at = end + 1
  }
  return { records, next: from + at }
}

const declared =
  /^cloister: (?:(step) (\S.{0,199})|(progress) (\d{1,15}) ?\/ ?(\d{1,15})|(metric) (\S{1,100}) (\S{1,40})(?: (\d{1,15}))?)$/

/**
 * What a line declares, if it does: `cloister: step NAME`, `cloister: progress DONE/TOTAL`, `cloister: metric NAME
 * VALUE [STEP]`.
 */
export function declarationOf(line: string): Pick<LogRecord, 'step' | 'progress' | 'metric'> | undefined {
  const match = declared.exec(line.trimEnd())
  if (!match) return undefined
  if (match[1]) return { step: match[2]!.trimEnd() }
  if (match[3])
    return Number(match[5]) > 0
      ? { progress: [Math.min(Number(match[4]), Number(match[5])), Number(match[5])] }
      : undefined
  const value = Number(match[8])
  return Number.isFinite(value)
    ? { metric: match[9] === undefined ? [match[7]!, value] : [match[7]!, value, Number(match[9])] }
    : undefined
}

/** Cuts after at most `most` bytes of UTF-8, never within a character. */
function* pieces(text: string, most: number): Generator<string> {
  if (text.length * 3 <= most) {
    yield text
    return
  }
  const bytes = utf8.encode(text)
  const decoder = new TextDecoder()
  for (let at = 0; at < bytes.length;) {
    let end = Math.min(bytes.length, at + most)
    while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--
    yield decoder.decode(bytes.subarray(at, end))
    at = end
  }
}

/**
 * Turns the bytes of one stream into records. Lines end with `\n` or `\r\n`; what ends with `\r` alone is a progress
 * line. Invalid UTF-8 becomes U+FFFD. Call `tick` now and then, so that a line without an end is seen, and `finish`
 * once.
 */
export class LineReader {
  private readonly stream: 'out' | 'err'
  private readonly decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
  private rest = ''
  /** The line was shown in parts already, so what is to come takes their place. */
  private progressing = false
  private waiting: string | undefined
  private shown = -progressEvery
  private carriage = false
  private last: string | undefined
  /** When the line that is not ended was last added to. */
  private since = 0
  constructor(stream: 'out' | 'err') {
    this.stream = stream
  }

  /** Takes what was read at `t`; answers the records that are complete. */
  push(bytes: Uint8Array, now: number): LogRecord[] {
    const found: LogRecord[] = []
    this.take(this.decoder.decode(bytes, { stream: true }), now, found)
    return found
  }

  /** Shows progress that was held back, and a line that has waited for its end. */
  tick(now: number): LogRecord[] {
    if (now - this.shown < progressEvery || (this.waiting === undefined && now - this.since < progressEvery)) return []
    const text = this.waiting ?? (this.rest === '' ? undefined : this.rest)
    if (text === undefined || text === this.last) return []
    return [this.progress(text, now)]
  }

  /** The end of the stream: what is left is a line. */
  finish(now: number): LogRecord[] {
    const found: LogRecord[] = []
    this.take(this.decoder.decode(), now, found)
    if (this.rest !== '') this.line(this.rest, now, found)
    else if (this.waiting !== undefined) this.line(this.waiting, now, found)
    this.rest = ''
    return found
  }

  private take(text: string, now: number, found: LogRecord[]): void {
    if (text === '') return
    this.since = now
    // `\r\n` may come in two parts: the `\r` was kept back.
    let all = this.carriage ? `${this.rest}\r${text}` : this.rest + text
    this.carriage = all.endsWith('\r')
    if (this.carriage) all = all.slice(0, -1)
    let at = 0
    const ends = /\r?\n|\r/g
    for (let match = ends.exec(all); match; match = ends.exec(all)) {
      const part = all.slice(at, match.index)
      at = ends.lastIndex
      if (match[0] !== '\r') this.line(part === '' && this.waiting !== undefined ? this.waiting : part, now, found)
      else if (part !== '') this.hold(part, now, found)
    }
    this.rest = all.slice(at)
    // A line that never ends must not fill the memory.
    if (this.rest.length > 2 * longestLine) {
      for (const piece of pieces(this.rest, longestLine)) found.push({ t: now, s: this.stream, x: piece })
      this.rest = ''
      this.progressing = false
    }
    if (this.carriage && this.rest !== '' && now - this.shown >= progressEvery)
      found.push(this.progress(this.rest, now))
  }

  private hold(text: string, now: number, found: LogRecord[]): void {
    if (now - this.shown >= progressEvery) found.push(this.progress(text, now))
    else {
      this.waiting = text
      this.progressing = true
    }
  }

  private progress(text: string, now: number): LogRecord {
    this.shown = now
    this.last = text
    this.waiting = undefined
    this.progressing = true
    const [first = ''] = pieces(text, longestLine)
    return { t: now, s: this.stream, x: first, p: 1 }
  }

  private line(text: string, now: number, found: LogRecord[]): void {
    const replaces = this.progressing
    this.progressing = false
    this.waiting = undefined
    this.last = undefined
    let first = true
    for (const piece of pieces(text, longestLine)) {
      found.push({
        t: now,
        s: this.stream,
        x: piece,
        ...(replaces && first ? { p: 2 as const } : {}),
        ...(first ? declarationOf(piece) : undefined),
      })
      first = false
    }
  }
}

/** A record as a line of a plain-text log: time, stream and text; empty for samples and for progress that went on. */
export function textOf(record: LogRecord): string {
  if (record.u || record.p === 1) return ''
  return `${new Date(record.t).toISOString()} ${record.s === 'sys' ? '--' : record.s} ${record.x}\n`
}
