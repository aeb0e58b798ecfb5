/**
 * What a command of the command line is: one object in the file of its area. The table in `commands.ts` folds over
 * them; the parser, the help and docs/command-line.md are made from that table.
 */
import type { Io } from './io.ts'

/** An option: how Node's `parseArgs` reads it, and what people are told of it. */
interface Option {
  type: 'string' | 'boolean'
  /** One letter: `o` for `-o`. */
  short?: string
  /** May be given more than once; its value is then a list. */
  multiple?: boolean
  /** What is to stand after an option that takes a text: `FOLDER`. */
  value?: string
  /** What it does or says, without a full stop. */
  help: string
}
export type Options = Readonly<Record<string, Option>>

/** Options that every command has. */
export const everywhere = {
  server: { type: 'string', value: 'URL', help: 'the server, instead of CLOISTER_SERVER or the last sign-in’s' },
  json: { type: 'boolean', help: 'the answer, or the error, as JSON' },
  help: { type: 'boolean', short: 'h', help: 'says how the command is used' },
} as const satisfies Options

/** Options that many commands have. */
export const organisation = {
  type: 'string',
  value: 'ORG',
  help: 'the organisation, by id or name, for those who belong to several',
} as const satisfies Option
export const output = { type: 'string', short: 'o', value: 'FILE', help: 'where to save it' } as const satisfies Option
export const force = {
  type: 'boolean',
  help: 'writes over a file that is there',
} as const satisfies Option

type ValueOf<O extends Option> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? string[]
    : string
/** What was given for the options, by name; what was not given is undefined. */
export type Values<O extends Options> = { readonly [Name in keyof O]?: ValueOf<O[Name]> | undefined }

/** One use of a command. */
export interface Call<O extends Options = Record<never, never>> {
  io: Io
  options: Values<O & typeof everywhere>
  /** What stands after the command's name; empty for a command that takes nothing. */
  argument: string
}

/** The one thing that a command is about. */
export interface Argument {
  /** As the help writes it: `STUDY`. */
  name: string
  /** What it is, without a full stop. */
  help: string
  /** Said when it is not given, and when more than it is given; without them, the group says how it is used. */
  missing?: string
  tooMany?: string
}

/** An argument that is asked for by its own name: "Say which study." */
export const oneOf = (what: string, help: string): Argument => ({
  name: what.toUpperCase(),
  help,
  missing: `Say which ${what}.`,
  tooMany: `Only one ${what} at a time.`,
})

/** A line of a group's help: what to type, and what it does. */
type HelpRow = readonly [typed: string, meaning?: string]

/** One command, on its own (`cloister publish`) or of a group (`cloister dataset add`). */
export interface Command<O extends Options = Options> {
  name: string
  /** One line, without a full stop. */
  summary: string
  /** What is typed after the program's, and the group's, name. */
  usage: string
  argument?: Argument
  options: O
  /** More lines for `cloister help COMMAND`. */
  detail?: string
  /** Its lines in the help of its group; without any, the group's usage says enough. */
  rows?: readonly HelpRow[]
  /** Whole command lines, as people type them. */
  examples?: readonly string[]
  /** Does it. Resolves to an exit code; nothing means done. Throws what `explained` in `failure.ts` turns into one. */
  run: (call: Call<O>) => Promise<number | void>
}

/** Commands about one thing: `cloister dataset list`, `cloister dataset add`. */
export interface Group {
  name: string
  /** One line, without a full stop. */
  summary: string
  commands: readonly Command[]
  /** What is typed, where it is shorter than all its commands' usages. */
  usage?: string
  /** At which column of the help the meanings of rows begin, from 0. */
  column?: number
  /** Lines after the rows. */
  detail?: string
  /** What is said when no command of it was meant; without it, its usage. */
  wrongUse?: { message: string; hint?: string }
}

/** A command's object, its options' values typed by what it declares. */
export const defineCommand = <const O extends Options>(command: Command<O>): Command => command as unknown as Command

/** Whether an entry of the table is a group. */
export const isGroup = (entry: Command | Group): entry is Group => 'commands' in entry
