/** What every command shares: where it writes, how it fails, how it lays out a table. */

/** Exit codes, for scripts. */
export const exits = { done: 0, no: 1, usage: 2, signIn: 3, refused: 4, unreachable: 5, cancelled: 130 } as const

/** A failure with a sentence for a person, what to do next, and an exit code. */
export class CliError extends Error {
  override name = 'CliError'
  readonly exit: number
  readonly hint: string | undefined
  constructor(exit: number, message: string, hint?: string) {
    super(message)
    this.exit = exit
    this.hint = hint
  }
}

export interface Io {
  env: Record<string, string | undefined>
  /** Results, for people or (with `--json`) for programs. */
  out: (text: string) => void
  /** Notes and errors. */
  note: (text: string) => void
  /** A line that replaces the one before; shown only in a terminal. */
  progress: (text: string) => void
  terminal: boolean
  json: boolean
  signal: AbortSignal
}

/** Text from elsewhere without the control characters that would steer a terminal. */
export const tame = (text: string): string =>
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')

export function processIo(json: boolean, signal: AbortSignal): Io {
  let shown = false
  const clear = (): void => {
    if (shown) process.stderr.write('\r\u001b[2K')
    shown = false
  }
  return {
    env: process.env,
    json,
    signal,
    terminal: process.stderr.isTTY === true,
    out: (text) => {
      clear()
      process.stdout.write(`${text}\n`)
    },
    note: (text) => {
      clear()
      process.stderr.write(`${text}\n`)
    },
    progress: (text) => {
      if (process.stderr.isTTY && !json) {
        process.stderr.write(`\r\u001b[2K${text}`)
        shown = true
      }
    },
  }
}

/** Columns padded to the widest cell; the last is not padded. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((r) => r.map((c) => tame(String(c))))
  const width = head.map((_, i) => Math.max(...cells.map((r) => [...(r[i] ?? '')].length)))
  return cells
    .map((r) =>
      r
        .map((c, i) => (i === head.length - 1 ? c : c + ' '.repeat(width[i]! - [...c].length)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Prints a value as JSON with `--json`, else what `text` makes of it. */
export const show = (io: Io, value: unknown, text: () => string): void =>
  io.out(io.json ? JSON.stringify(value, null, 2) : text())

/** "1 run", "2 runs". */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`
