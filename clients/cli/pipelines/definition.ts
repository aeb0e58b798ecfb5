/** pipeline.json on this computer: read and checked before anything is sent. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PipelineDefinition } from '../../../contracts/pipelines.definition.ts'
import {
  defaultResources,
  definitionFaults,
  type PipelineDefinition as Definition,
} from '../../../domain/pipelines/definition.ts'
import { CliError, exits } from '../io.ts'
import { count, type Fault, faultLines, tame } from '../text.ts'

/** What a folder's definition is called. */
export const definitionName = 'pipeline.json'

/** A definition's faults, each with its place in the file. */
const faulty = (file: string, faults: readonly Fault[]): CliError =>
  new CliError(exits.no, `${file} cannot be published: ${count(faults.length, 'error')}.`, faultLines(file, faults))

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch (e) {
    if (e instanceof SyntaxError) throw new CliError(exits.usage, `${file} is not JSON: ${tame(e.message)}`)
    throw new CliError(exits.usage, `There is no ${file}.`, 'It says what the pipeline is: see the guide to pipelines.')
  }
}

/**
 * Reads a folder's definition and checks it as the server will, with the same words.
 *
 * @param files Paths of the folder's other files.
 * @throws {CliError} when it is not there, or with every fault and its place.
 */
export async function definitionOf(folder: string, files: readonly string[]): Promise<Definition> {
  const file = join(folder, definitionName)
  const parsed = PipelineDefinition.safeParse(await readJson(file))
  if (!parsed.success)
    throw faulty(
      file,
      parsed.error.issues.map((issue) => ({ path: `/${issue.path.join('/')}`, message: issue.message })),
    )
  const definition = { ...parsed.data, resources: { ...defaultResources, ...parsed.data.resources } } as Definition
  const faults = definitionFaults(definition, files)
  if (faults.length > 0) throw faulty(file, faults)
  return definition
}
