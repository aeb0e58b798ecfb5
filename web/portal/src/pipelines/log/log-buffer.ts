/**
 * What the page holds of a log: a window of its newest lines, as long as memory likes, with what came before loaded on
 * demand.
 */
import type { LogRecord } from '../../../../../domain/pipelines/log.ts'
import { plain } from './ansi.ts'

export type Placed = LogRecord & { id: number; next: number }
export interface Line {
  id: number
  t: number
  s: 'out' | 'err' | 'sys'
  x: string
  /** A progress line that may still be replaced. */
  open?: boolean
  step?: string
  /** A figure that the program declared. */
  metric?: string
}
/** CPU in percent of one processor, resident bytes. */
export interface Sample {
  t: number
  cpu: number
  memory: number
}

/** Lines kept on the page; more than anybody scrolls through, far less than 500 MB. */
export const mostLines = 20_000
const mostSamples = 4000

/** What is read in a line, and searched. */
export const textOf = (l: Line): string => plain(l.step ?? l.metric ?? l.x)

export class LogBuffer {
  lines: Line[] = []
  samples: Sample[] = []
  progress: [done: number, total: number] | undefined
  step: string | undefined
  /** Where the window begins: what lies before is on the server. */
  first = 0
  next = 0
  ended = false

  /** Where the window begins, unless it has begun. */
  begin(first: number): void {
    if (this.next > 0) return
    this.first = first
    this.next = first
  }

  /** Records that follow. Those that are here already are passed over. */
  append(records: readonly Placed[]): void {
    for (const record of records) {
      if (record.id < this.next) continue
      this.next = record.next
      if (record.u) {
        this.samples.push({ t: record.t, cpu: record.u[0], memory: record.u[1] })
        continue
      }
      if (record.step !== undefined) {
        this.step = record.step
        this.progress = undefined
      }
      if (record.progress) {
        this.progress = record.progress
        continue
      }
      if (record.end !== undefined) this.ended = true
      add(this.lines, record)
    }
    if (this.samples.length > mostSamples) this.samples = this.samples.filter((_, i) => i % 2 === 1)
    if (this.lines.length > mostLines * 1.25) {
      this.lines = this.lines.slice(-mostLines)
      this.first = this.lines[0]!.id
    }
  }

  /** The page before the window; `from` is where it begins. */
  prepend(records: readonly Placed[], from: number): void {
    const before: Line[] = []
    for (const record of records) if (record.id < this.first && !record.u && !record.progress) add(before, record)
    this.lines = [...before, ...this.lines]
    this.first = from
  }
}

function metricText([name, value, step]: NonNullable<Placed['metric']>): string {
  const at = step === undefined ? '' : ` (step ${step})`
  return `${name} = ${value}${at}`
}

/** A progress line takes the place of the one before it of the same stream. */
function add(lines: Line[], record: Placed): void {
  const line: Line = {
    id: record.id,
    t: record.t,
    s: record.s,
    x: record.x,
    ...(record.p === 1 ? { open: true } : {}),
    ...(record.step === undefined ? {} : { step: record.step }),
    ...(record.metric ? { metric: metricText(record.metric) } : {}),
  }
  if (record.p !== undefined)
    for (let i = lines.length - 1; i >= Math.max(0, lines.length - 20); i--)
      if (lines[i]!.s === record.s) {
        if (!lines[i]!.open) break
        lines[i] = line
        return
      }
  if (record.p === 2 || record.p === undefined) {
    const last = lines.at(-1)
    if (last?.open && last.s === record.s) delete last.open
  }
  lines.push(line)
}
