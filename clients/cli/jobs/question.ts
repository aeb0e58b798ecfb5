/** The options of `ask`, read as parts of a question. */
import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import type { Ask } from '../../../contracts/jobs.ts'
import type { Cohort } from '../../../domain/datasets/cohort.ts'
import { type Language, languages } from '../../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../../domain/datasets/schema.ts'
import { FilterError, parseFilter } from '../../cohort-text.ts'
import { CliError, exits } from '../io.ts'
import { tame } from '../text.ts'
import { choice } from '../values.ts'

/** A question as the server takes it. */
export type Question = z.input<typeof Ask>

const byEnding: Record<string, Language> = { sql: 'sql', py: 'python', r: 'r', ipynb: 'notebook' }

/** Where the code of a question is. */
interface CodeOptions {
  sql?: string | undefined
  file?: string | undefined
  language?: string | undefined
}

/**
 * The code and its language: `--sql TEXT`, or a file by its ending.
 *
 * @throws {CliError} when there is not exactly one of both, or the language cannot be told.
 */
export async function codeOf({ sql, file, language }: CodeOptions): Promise<{ code: string; language: Language }> {
  if (sql !== undefined && file === undefined) return { code: sql, language: 'sql' }
  if (sql !== undefined || file === undefined)
    throw new CliError(exits.usage, 'Say what to run: --sql "SELECT …" or --file script.py (.sql, .py, .R, .ipynb).')
  const known = choice('language', language, languages) ?? byEnding[file.split('.').at(-1)!.toLowerCase()]
  if (!known)
    throw new CliError(
      exits.usage,
      `The language of ${file} cannot be told from its name.`,
      `Say --language, one of ${languages.join(', ')}.`,
    )
  return { code: await readFile(file, 'utf8'), language: known }
}

/**
 * `--cohort FILTER`, each as `parseFilter` reads it.
 *
 * @param schema What the dataset has; a dataset that was never published has nothing.
 * @throws {CliError} for a filter that cannot be read or names what is not there.
 */
export function cohortOf(filters: readonly string[] | undefined, schema: DatasetSchema | undefined): Cohort {
  return (filters ?? []).map((filter) => {
    try {
      return parseFilter(filter, schema ?? { tables: [], images: [] })
    } catch (e) {
      throw e instanceof FilterError ? new CliError(exits.usage, tame(e.message)) : e
    }
  })
}

/**
 * `--declare name=low..high`: what a script under noise answers, and the range it is clamped to.
 *
 * @throws {CliError} for what does not have this form.
 */
export const declaredOf = (values: readonly string[] | undefined): Question['declared'] =>
  (values ?? []).map((given) => {
    const equals = given.lastIndexOf('=')
    const name = given.slice(0, Math.max(0, equals)).trim()
    const [low, high] = given
      .slice(equals + 1)
      .trim()
      .split('..')
    if (name === '' || !low || !high || !Number.isFinite(Number(low)) || !Number.isFinite(Number(high)))
      throw new CliError(exits.usage, `--declare takes name=low..high, not "${tame(given)}".`)
    return { name, low: Number(low), high: Number(high) }
  })

/**
 * `--parameters JSON`; none without.
 *
 * @throws {CliError} for what is not JSON.
 */
export function parametersOf(json: string | undefined): Question['parameters'] {
  if (json === undefined) return {}
  try {
    return JSON.parse(json) as Question['parameters']
  } catch {
    throw new CliError(exits.usage, '--parameters takes a JSON object.')
  }
}
