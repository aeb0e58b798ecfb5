/** Texts of options, read as what they stand for. Each throws a `CliError` that names the option. */
import { CliError, exits } from './io.ts'
import { tame } from './text.ts'

/**
 * One of a few words.
 *
 * @throws {CliError} for any other.
 */
export function choice<T extends string>(
  option: string,
  value: string | undefined,
  among: readonly T[],
): T | undefined {
  if (value !== undefined && !(among as readonly string[]).includes(value))
    throw new CliError(exits.usage, `--${option} is one of ${among.join(', ')}, not "${tame(value)}".`)
  return value as T | undefined
}

/**
 * A finite number.
 *
 * @throws {CliError} for what is none.
 */
export function numberOf(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (value.trim() === '' || !Number.isFinite(Number(value)))
    throw new CliError(exits.usage, `--${option} takes a number.`)
  return Number(value)
}

/**
 * A whole number of at most seven digits.
 *
 * @throws {CliError} for anything else.
 */
export function wholeNumber(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,7}$/.test(value)) throw new CliError(exits.usage, `--${option} takes a whole number.`)
  return Number(value)
}

/** Parts of a list with commas, trimmed; empty ones are left out. */
export const listed = (value: string): string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)

/**
 * Each `name=value` of an option that may be given more than once.
 *
 * @throws {CliError} for one without a name or without `=`.
 */
export const namedValues = (option: string, values: readonly string[] | undefined): [name: string, value: string][] =>
  (values ?? []).map((given) => {
    const at = given.indexOf('=')
    if (at < 1) throw new CliError(exits.usage, `--${option} takes name=value, not "${tame(given)}".`)
    return [given.slice(0, at), given.slice(at + 1)]
  })
