/** Values of a pipeline's parameters, from a file and from `--set`. */
import { readFile } from 'node:fs/promises'
import type { PipelineDefinition } from '../../../domain/pipelines/definition.ts'
import type { Parameter } from '../../../domain/pipelines/parameters.ts'
import { CliError, exits } from '../io.ts'
import { namedValues } from '../values.ts'

type Value = number | string | boolean | number[]
const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

/** The value as the parameter's type reads it. What does not fit is for the server to say. */
function valueOf(type: Parameter['type'] | undefined, text: string): Value {
  const isBlank = text.trim() === ''
  if (type === 'array') return isBlank ? [] : text.split(',').map(Number)
  if (type === 'boolean') return truths.get(text) ?? text
  const isNumeric = type === 'number' || type === 'integer'
  return isNumeric && !isBlank && Number.isFinite(Number(text)) ? Number(text) : text
}

async function readParameters(file: string): Promise<Record<string, Value>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, Value>
  } catch (e) {
    throw e instanceof SyntaxError ? new CliError(exits.usage, `${file} is not a JSON object of parameters.`) : e
  }
}

/**
 * Values by name: those of the file, then each `name=value` in place of the file's.
 *
 * @param schema What parameters the pipeline has.
 * @throws {CliError} when the file is not JSON, or a `--set` has no name.
 */
export async function parametersOf(
  { parameters: file, set }: { parameters?: string | undefined; set?: readonly string[] | undefined },
  { properties }: PipelineDefinition['parameters'],
): Promise<Record<string, Value>> {
  const base = file === undefined ? {} : await readParameters(file)
  const typeOf = (name: string): Parameter['type'] | undefined =>
    Object.hasOwn(properties, name) ? properties[name]?.type : undefined
  const given = namedValues('set', set).map(([name, text]) => [name, valueOf(typeOf(name), text)] as const)
  return { ...base, ...Object.fromEntries(given) }
}
