/** What every command shares: where it writes, and how it fails. */

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

/** Where a command reads its settings from and writes to. */
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

/**
 * The input and output of this process.
 *
 * @param json Whether a program reads the answer; then nothing is shown in between.
 * @param signal Aborted when the person stops it.
 */
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

/** Prints a value as JSON with `--json`, else what `text` makes of it. */
export const show = (io: Io, value: unknown, text: () => string): void =>
  io.out(io.json ? JSON.stringify(value, null, 2) : text())
