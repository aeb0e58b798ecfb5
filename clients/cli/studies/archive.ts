/** export, import: a study with all its files as one file. */
import { readFile, writeFile } from 'node:fs/promises'
import { sha256Hex } from '../../../domain/hash.ts'
import type { Client } from '../../api.ts'
import { packStudy, type StudyBundle, StudyFileError, unpackStudy } from '../../study-file.ts'
import { type Command, defineCommand, force, oneOf, organisation, output } from '../command.ts'
import { mustBeVacant } from '../files.ts'
import { CliError, exits, show } from '../io.ts'
import { connect, type Session } from '../session.ts'
import { tame } from '../text.ts'
import { check } from './folder.ts'
import { createStudy, publishTo } from './publishing.ts'
import { studyArgument, studyIdOf } from './study-id.ts'

type VersionFile = Awaited<ReturnType<Client['studies']['files']>>['files'][number]

/** The version that is meant: a number, or the newest. */
function versionOf(value: string | undefined, newest: number): number {
  const version = value === undefined ? newest : Number(value)
  if (!Number.isInteger(version) || version < 1)
    throw new CliError(
      exits.usage,
      newest === 0 ? 'The study has no published version yet.' : '--version takes a whole number.',
    )
  return version
}

const archiveName = (title: string): string => {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  return `${words || 'study'}.cloister.zip`
}

/** Fetches the files of a version and checks each against its hash. */
async function fetchFiles(
  { io }: Session,
  files: readonly VersionFile[],
): Promise<{ path: string; data: Uint8Array }[]> {
  const contents: { path: string; data: Uint8Array }[] = []
  for (const { path, sha256, download } of files) {
    io.progress(`Downloading ${contents.length + 1} of ${files.length} files`)
    const answer = await fetch(download.url, { headers: download.headers, signal: io.signal })
    const data = new Uint8Array(await answer.arrayBuffer())
    if (!answer.ok || (await sha256Hex(data)) !== sha256)
      throw new CliError(exits.refused, `The file ${tame(path)} did not arrive as it was published.`, 'Try again.')
    contents.push({ path, data })
  }
  return contents
}

const exportStudy = defineCommand({
  name: 'export',
  usage: 'export STUDY [--version N] [-o FILE]',
  summary: 'Save a study with all its files as one .cloister.zip',
  argument: studyArgument,
  options: { version: { type: 'string', value: 'N', help: 'an older version than the newest' }, output, force },
  examples: ['cloister export std_abcdefghijklmnop -o stroop.cloister.zip'],
  async run(call) {
    const { io, options } = call
    const studyId = studyIdOf(call)
    const session = await connect(io, options.server)
    const study = await session.client.studies.study({ params: { studyId } })
    const version = versionOf(options.version, study.version)
    const file = options.output ?? archiveName(study.title)
    await mustBeVacant(file, options)
    const { configuration } = await session.client.studies.version({ params: { studyId, version } })
    const { files } = await session.client.studies.files({ params: { studyId, version } })
    const contents = await fetchFiles(session, files)
    await writeFile(
      file,
      packStudy({ title: study.title, description: study.description, configuration, files: contents }),
    )
    show(
      io,
      { file, studyId, version, files: files.length },
      () => `Saved version ${version} of “${tame(study.title)}” (${files.length} files) to ${file}`,
    )
  },
})

async function readArchive(file: string): Promise<StudyBundle<Uint8Array>> {
  const bytes = await readFile(file).catch(() => {
    throw new CliError(exits.usage, `${file} cannot be read.`)
  })
  try {
    return await unpackStudy(new Uint8Array(bytes))
  } catch (e) {
    throw e instanceof StudyFileError ? new CliError(exits.no, `${file}: ${e.message}`) : e
  }
}

const importStudy = defineCommand({
  name: 'import',
  usage: 'import FILE [--org ORG] [--title TEXT]',
  summary: 'Make a new study from a .cloister.zip',
  argument: oneOf('file', 'a file that "cloister export" or the portal saved'),
  options: { org: organisation, title: { type: 'string', value: 'TEXT', help: 'its title, instead of the file’s' } },
  examples: ['cloister import stroop.cloister.zip --title "Stroop, replication"'],
  async run({ io, options, argument: file }) {
    const study = await readArchive(file)
    const where = `${file}/study.json`
    check(where, study)
    const session = await connect(io, options.server)
    const title = options.title ?? study.title ?? 'Imported study'
    const studyId = await createStudy(session, options.org, title.slice(0, 120), study.description ?? '')
    const { configuration, files } = study
    const { version } = await publishTo(session, studyId, { where, configuration, files, note: 'Imported' })
    show(
      io,
      { studyId, title, version: version.version },
      () => `Made “${tame(title)}” with version ${version.version}\n  ${session.server}/studies/${studyId}`,
    )
  },
})

export const archives: readonly Command[] = [exportStudy, importStudy]
