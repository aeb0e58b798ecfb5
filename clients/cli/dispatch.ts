/** From the words of a command line to the command that is meant. */
import { parseArgs } from 'node:util'
import { type Command, everywhere, type Group, isGroup, type Options, type Values } from './command.ts'
import { usageOf } from './help.ts'
import { CliError, exits } from './io.ts'
import { tame } from './text.ts'

/** Options that are read after a name of the table: a group reads those of all its commands. */
export const optionsOf = (entry: Command | Group): Options =>
  Object.assign({}, everywhere, ...(isGroup(entry) ? entry.commands : [entry]).map(({ options }) => options)) as Options

/**
 * Reads the words after a name of the table.
 *
 * @throws {CliError} for an option that is not there, or lacks its text.
 */
export function parse(
  entry: Command | Group,
  words: readonly string[],
): { options: Values<Options & typeof everywhere>; args: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...words], options: optionsOf(entry), allowPositionals: true })
    return { options: values as Values<Options & typeof everywhere>, args: positionals }
  } catch (e) {
    throw new CliError(exits.usage, tame((e as Error).message.split('. ')[0]!), `cloister ${usageOf(entry)}`)
  }
}

/**
 * The command that is meant, and its argument.
 *
 * @param args The words that are no options, without the entry's own name.
 * @throws {CliError} when no command of a group is meant, or an argument is missing or too many.
 */
export function chosen(entry: Command | Group, args: readonly string[]): { command: Command; argument: string } {
  // A command on its own that takes nothing lets more words be.
  if (!isGroup(entry)) return { command: entry, argument: entry.argument ? argumentOf(entry, args) : '' }
  const [name, ...rest] = args
  const command = entry.commands.find((one) => one.name === name)
  if (!command) throw wrongUse(entry)
  return { command, argument: argumentOf(command, rest, entry) }
}

/**
 * A group reads the options of all its commands: what is not of the one that is meant would be ignored.
 *
 * @throws {CliError} for an option that only other commands of the group have.
 */
export function refuseOthers(
  entry: Command | Group,
  command: Command,
  options: Readonly<Record<string, unknown>>,
): void {
  const other = Object.keys(options).find(
    (name) => !Object.hasOwn(command.options, name) && !Object.hasOwn(everywhere, name),
  )
  if (other === undefined || !isGroup(entry)) return
  const having = entry.commands.filter((one) => Object.hasOwn(one.options, other)).map(({ name }) => name)
  const whole = `cloister ${entry.name} `
  throw new CliError(
    exits.usage,
    `"${whole}${command.name}" has no option --${other}; ${having.map((name) => `"${whole}${name}"`).join(' and ')} ${having.length > 1 ? 'have' : 'has'} it.`,
    `cloister help ${entry.name}`,
  )
}

function argumentOf({ argument }: Command, args: readonly string[], group?: Group): string {
  const [given, ...more] = args
  if (given !== undefined && argument && more.length === 0) return given
  if (given === undefined && !argument) return ''
  const message = given === undefined ? argument?.missing : argument?.tooMany
  throw message === undefined && group ? wrongUse(group) : new CliError(exits.usage, message ?? '')
}

function wrongUse(group: Group): CliError {
  const { message, hint } = group.wrongUse ?? {
    message: `Say "cloister ${usageOf(group).split(' | ').join(`", "cloister ${group.name} `)}".`,
  }
  return new CliError(exits.usage, message, hint)
}
