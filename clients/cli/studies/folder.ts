/** A study's folder on this computer: its files (never through links out of it), and what was remembered about it. */
import { openAsBlob } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { validateConfiguration } from '../../../domain/studies/configuration-validation.ts'
import { type StudyBundle, StudyFileError, studyFileName, studyOfFiles } from '../../study-file.ts'
import { filesBelow, mustBeFolder } from '../files.ts'
import { CliError, exits } from '../io.ts'
import { type Fault, faultLines } from '../text.ts'

const memoryName = '.cloister.json'
/** By server: which study this folder is there. */
interface Memory {
  studies?: Record<string, string>
}

/** A folder that was read: its absolute path, the study in it, and the title a new study would get. */
export interface StudyFolder {
  root: string
  study: StudyBundle<Blob>
  title: string
}

/**
 * Reads a study's folder and checks its configuration.
 *
 * @param path As the person typed it.
 * @throws {CliError} when it is no folder or no study, with every fault of the configuration and its place in the file.
 */
export async function readFolder(path: string): Promise<StudyFolder> {
  const root = resolve(path)
  await mustBeFolder(root, path)
  const paths = await filesBelow(root)
  const files = await Promise.all(paths.map(async (file) => ({ path: file, data: await openAsBlob(join(root, file)) })))
  const study = await studyIn(path, files)
  check(join(path, studyFileName), study)
  const title = study.title ?? study.configuration['title']
  return { root, study, title: typeof title === 'string' && title.trim() ? title.trim().slice(0, 120) : basename(root) }
}

async function studyIn(folder: string, files: { path: string; data: Blob }[]): Promise<StudyBundle<Blob>> {
  try {
    return await studyOfFiles(files, (blob) => blob.text())
  } catch (e) {
    throw e instanceof StudyFileError ? new CliError(exits.no, `${folder}: ${e.message}`) : e
  }
}

/**
 * Refuses a configuration that the server would refuse, with the same words, before anything is sent.
 *
 * @param file What the person knows it by.
 * @throws {CliError} with every fault and its place.
 */
export function check(file: string, study: Pick<StudyBundle<unknown>, 'configuration' | 'files'>): void {
  const result = validateConfiguration(
    study.configuration,
    study.files.map(({ path }) => path),
  )
  if (!result.ok) throw invalid(file, result.errors)
}

/** The error that names the faults of a configuration, each with its place. */
export const invalid = (file: string, errors: readonly Fault[]): CliError =>
  new CliError(
    exits.no,
    `${file} cannot be published: ${errors.length === 1 ? 'one error' : `${errors.length} errors`}.`,
    faultLines(
      file,
      // The server names places in what it was sent, whose body the configuration is.
      errors.map((error) => ({ ...error, path: error.path.replace(/^\/body/, '') })),
    ),
  )

async function memory(root: string): Promise<Memory> {
  try {
    return JSON.parse(await readFile(join(root, memoryName), 'utf8')) as Memory
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CliError(
      exits.usage,
      `${join(root, memoryName)} is not JSON.`,
      'It remembers which study this folder is. Delete it and say --study ID.',
    )
  }
}

/**
 * The id of the study that a folder is on a server, if it was published there.
 *
 * @throws {CliError} when what the folder remembers is not JSON.
 */
export const rememberedStudy = async (root: string, server: string): Promise<string | undefined> =>
  (await memory(root)).studies?.[server]

/**
 * Remembers in the folder which study it is on a server.
 *
 * @throws {CliError} when what the folder remembers is not JSON.
 */
export async function rememberStudy(root: string, server: string, studyId: string): Promise<void> {
  const before = await memory(root)
  await writeFile(
    join(root, memoryName),
    `${JSON.stringify({ ...before, studies: { ...before.studies, [server]: studyId } }, null, 2)}\n`,
  )
}
