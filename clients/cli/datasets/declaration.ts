/** dataset.json on this computer: read, with its faults told by their place. */
import { readFile } from 'node:fs/promises'
import { type DatasetFile, DatasetFileError, readDatasetFile } from '../../dataset-file.ts'
import { CliError, exits } from '../io.ts'
import { faultLines } from '../text.ts'

/** The error that names a declaration's faults, each with its place. */
export const faulty = (file: string, { message, faults }: DatasetFileError): CliError =>
  new CliError(exits.no, `${file}: ${message}`, faultLines(file, faults) || undefined)

/**
 * Reads a declaration; undefined when the file is not there.
 *
 * @param files Paths that the declaration may name; without, it may name any.
 * @throws {CliError} with every fault and its place.
 */
export async function declaration(file: string, files?: ReadonlySet<string>): Promise<DatasetFile | undefined> {
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw e
  }
  try {
    return readDatasetFile(content, files)
  } catch (e) {
    throw e instanceof DatasetFileError ? faulty(file, e) : e
  }
}
