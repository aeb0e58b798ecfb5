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
    for (const r of records) {
      if (r.id < this.next) continue
      this.next = r.next
      if (r.u) {
        this.samples.push({ t: r.t, cpu: r.u[0], memory: r.u[1] })
        continue
      }
      if (r.step !== undefined) {
        this.step = r.step
        this.progress = undefined
      }
      if (r.progress) {
        this.progress = r.progress
        continue
      }
      if (r.end !== undefined) this.ended = true
      add(this.lines, r)
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
    for (const r of records) if (r.id < this.first && !r.u && !r.progress) add(before, r)
    this.lines = [...before, ...this.lines]
    this.first = from
  }
}

/** A progress line takes the place of the one before it of the same stream. */
function add(lines: Line[], r: Placed): void {
  const line: Line = {
    id: r.id,
    t: r.t,
    s: r.s,
    x: r.x,
    ...(r.p === 1 ? { open: true } : {}),
    ...(r.step === undefined ? {} : { step: r.step }),
    ...(r.metric
      ? { metric: `${r.metric[0]} = ${r.metric[1]}${r.metric[2] === undefined ? '' : ` (step ${r.metric[2]})`}` }
      : {}),
  }
  if (r.p !== undefined)
    for (let i = lines.length - 1; i >= Math.max(0, lines.length - 20); i--)
      if (lines[i]!.s === r.s) {
        if (!lines[i]!.open) break
        lines[i] = line
        return
      }
  if (r.p === 2 || r.p === undefined) {
    const last = lines.at(-1)
    if (last?.open && last.s === r.s) delete last.open
  }
  lines.push(line)
}
