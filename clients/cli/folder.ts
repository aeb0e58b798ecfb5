/** A study's folder on this computer: its files (never through links out of it), and what was remembered about it. */
import { openAsBlob } from 'node:fs'
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { validateConfiguration } from '../../domain/studies/configuration-validation.ts'
import { type StudyBundle, StudyFileError, studyFileName, studyOfFiles } from '../study-file.ts'
import { CliError, exits, tame } from './io.ts'

const memoryName = '.cloister.json'
/** By server: which study this folder is there. */
interface Memory {
  studies?: Record<string, string>
}

export async function filesBelow(root: string, at = ''): Promise<string[]> {
  const entries = await readdir(join(root, at), { withFileTypes: true })
  const found: string[] = []
  for (const e of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = at ? `${at}/${e.name}` : e.name
    if (e.name.startsWith('.') || e.name === 'node_modules') continue
    if (e.isSymbolicLink())
      throw new CliError(
        exits.no,
        `${join(root, path)} is a symbolic link.`,
        'Put the file itself into the folder, so that nothing from elsewhere is sent by accident.',
      )
    if (e.isDirectory()) found.push(...(await filesBelow(root, path)))
    else if (e.isFile()) found.push(path)
  }
  return found
}

export interface StudyFolder {
  root: string
  study: StudyBundle<Blob>
  title: string
}

/** Reads a study's folder and checks its configuration; throws with every error and its place in the file. */
export async function readFolder(path: string): Promise<StudyFolder> {
  const root = resolve(path)
  const info = await lstat(root).catch(() => undefined)
  if (!info?.isDirectory()) throw new CliError(exits.usage, `${path} is not a folder.`)
  const given = await Promise.all(
    (await filesBelow(root)).map(async (p) => ({ path: p, data: await openAsBlob(join(root, p)) })),
  )
  let study: StudyBundle<Blob>
  try {
    study = await studyOfFiles(given, (b) => b.text())
  } catch (e) {
    throw e instanceof StudyFileError ? new CliError(exits.no, `${path}: ${e.message}`) : e
  }
  check(join(path, studyFileName), study)
  const title = study.title ?? study.configuration['title']
  return { root, study, title: typeof title === 'string' && title.trim() ? title.trim().slice(0, 120) : basename(root) }
}

/** Refuses a configuration that the server would refuse, with the same words, before anything is sent. */
export function check(file: string, study: Pick<StudyBundle<unknown>, 'configuration' | 'files'>): void {
  const result = validateConfiguration(
    study.configuration,
    study.files.map((f) => f.path),
  )
  if (!result.ok) throw invalid(file, result.errors)
}

/** The errors of a configuration, each with its place. */
export const invalid = (
  file: string,
  errors: readonly { path: string; message: string; expected?: string | undefined }[],
): CliError =>
  new CliError(
    exits.no,
    `${file} cannot be published: ${errors.length === 1 ? 'one error' : `${errors.length} errors`}.`,
    errors
      .map(
        (e) =>
          `  ${file}#${tame(e.path.replace(/^\/body/, ''))}\n    ${tame(e.message)}${e.expected ? `\n    Expected: ${tame(e.expected)}` : ''}`,
      )
      .join('\n'),
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
export const rememberedStudy = async (root: string, server: string): Promise<string | undefined> =>
  (await memory(root)).studies?.[server]
export async function rememberStudy(root: string, server: string, studyId: string): Promise<void> {
  const before = await memory(root)
  await writeFile(
    join(root, memoryName),
    `${JSON.stringify({ ...before, studies: { ...before.studies, [server]: studyId } }, null, 2)}\n`,
  )
}
