/** What a command is. */
import type { ParseArgsOptionDescriptor } from 'node:util'
import type { Io } from './io.ts'

export interface Call {
  io: Io
  options: Record<string, string | boolean | (string | boolean)[] | undefined>
  args: string[]
}
export interface Command {
  /** Shown in help, without the program's name. */
  usage: string
  summary: string
  /** More lines for `help COMMAND`. */
  detail?: string
  options: Record<string, ParseArgsOptionDescriptor>
  /** Resolves to an exit code; nothing means done. */
  run: (call: Call) => Promise<number | void>
}

/** The text of an option, or undefined. */
export const text = (call: Call, name: string): string | undefined => {
  const v = call.options[name]
  return typeof v === 'string' ? v : undefined
}
