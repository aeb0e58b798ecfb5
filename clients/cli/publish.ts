/** publish, export, import. */
import { randomUUID } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { ProblemError } from '../api.ts'
import { publishStudy, type PublishProgress, type StudyFile } from '../publish.ts'
import { packStudy, StudyFileError, unpackStudy } from '../study-file.ts'
import { sha256Hex } from '../../domain/hash.ts'
import { type Call, type Command, text } from './command.ts'
import { check, invalid, readFolder, rememberedStudy, rememberStudy } from './folder.ts'
import { CliError, exits, type Io, show, tame } from './io.ts'
import { connect, organisationOf, type Session } from './session.ts'
import { argument, makeLink, studyId } from './studies.ts'

const megabytes = (n: number): string => `${(n / 1e6).toFixed(1)} MB`
const report =
  (io: Io) =>
  (p: PublishProgress): void =>
    io.progress(
      p.stage === 'hashing'
        ? `Reading ${p.files.length} files, ${megabytes(p.hashed)} of ${megabytes(p.total)}`
        : p.stage === 'uploading'
          ? `Uploading ${megabytes(p.sent)} of ${megabytes(p.total)}`
          : 'Publishing …',
    )

async function publishTo(
  session: Session,
  id: string,
  where: string,
  configuration: Record<string, unknown>,
  files: readonly StudyFile[],
  note: string,
) {
  const study = await session.client.studies.study({ params: { studyId: id } })
  try {
    const version = await publishStudy(session.client, {
      studyId: id,
      configuration,
      files,
      note,
      expects: study.version,
      progress: report(session.io),
      signal: session.io.signal,
    })
    return { study, version, fresh: version.version !== study.version }
  } catch (e) {
    if (e instanceof ProblemError && e.kind === 'invalid-configuration') throw invalid(where, e.errors)
    throw e
  }
}

const create = async (
  session: Session,
  org: string | undefined,
  title: string,
  description: string,
): Promise<string> => {
  const { organisationId } = await organisationOf(session, org)
  return (
    await session.client.studies.create({
      params: { organisationId },
      body: { title, description, requestId: randomUUID() },
    })
  ).studyId
}

export const publish: Command = {
  usage: 'publish FOLDER [--study ID] [--org ORG] [--note TEXT] [--launch] [--link KIND]',
  summary: 'Publish a folder as a new version of its study; makes the study when there is none',
  detail:
    'The folder holds study.json (and its files), or plain web pages with index.html. It is checked here first. Which study it is, is remembered in .cloister.json inside it. Publishing what is published already changes nothing.',
  options: {
    study: { type: 'string' },
    org: { type: 'string' },
    note: { type: 'string' },
    launch: { type: 'boolean' },
    link: { type: 'string' },
  },
  async run(call) {
    const { io } = call
    const folder = await readFolder(argument(call, 'folder'))
    const session = await connect(io, text(call, 'server'))
    const known = text(call, 'study') ?? (await rememberedStudy(folder.root, session.server))
    const id = known ?? (await create(session, text(call, 'org'), folder.title, folder.study.description ?? ''))
    await rememberStudy(folder.root, session.server, id)
    const { study, version, fresh } = await publishTo(
      session,
      id,
      `${call.args[0]!.replace(/\/$/, '')}/study.json`,
      folder.study.configuration,
      folder.study.files,
      text(call, 'note') ?? '',
    )
    let state = study.state
    if (call.options['launch'] && state !== 'live') {
      const now = await session.client.studies.study({ params: { studyId: id } })
      state = (
        await session.client.studies.setState({ params: { studyId: id }, body: { state: 'live', rev: now.rev } })
      ).state
    }
    const kind = text(call, 'link')
    const link = kind === undefined ? undefined : await makeLink(session, id, kind)
    show(
      io,
      {
        studyId: id,
        title: study.title,
        version: version.version,
        contentHash: version.contentHash,
        published: fresh,
        state,
        ...(link ? { link: link.url } : {}),
      },
      () =>
        [
          fresh
            ? `Published version ${version.version} of “${tame(study.title)}” (${version.assets} files, ${megabytes(version.bytes)})`
            : `Version ${version.version} of “${tame(study.title)}” is this already; nothing to publish`,
          `  ${session.server}/studies/${id}`,
          `  state: ${state}${state === 'draft' ? ' (add --launch to let participants in)' : ''}`,
          ...(link ? [`  ${kind} link, until ${link.expires.slice(0, 16).replace('T', ' ')} UTC: ${link.url}`] : []),
        ].join('\n'),
    )
  },
}

export const exportStudy: Command = {
  usage: 'export STUDY [--version N] [-o FILE]',
  summary: 'Save a study with all its files as one .cloister.zip',
  options: { version: { type: 'string' }, output: { type: 'string', short: 'o' }, force: { type: 'boolean' } },
  async run(call) {
    const id = studyId(call)
    const session = await connect(call.io, text(call, 'server'))
    const study = await session.client.studies.study({ params: { studyId: id } })
    const version = text(call, 'version') === undefined ? study.version : Number(text(call, 'version'))
    if (!Number.isInteger(version) || version < 1)
      throw new CliError(
        exits.usage,
        study.version === 0 ? 'The study has no published version yet.' : '--version takes a whole number.',
      )
    const file =
      text(call, 'output') ??
      `${
        study.title
          .toLowerCase()
          .replaceAll(/[^a-z0-9]+/g, '-')
          .replace(/^-|-$/g, '') || 'study'
      }.cloister.zip`
    await vacant(call, file)
    const full = await session.client.studies.version({ params: { studyId: id, version } })
    const { files } = await session.client.studies.files({ params: { studyId: id, version } })
    const contents: { path: string; data: Uint8Array }[] = []
    for (const [i, f] of files.entries()) {
      call.io.progress(`Downloading ${i + 1} of ${files.length} files`)
      const answer = await fetch(f.download.url, { headers: f.download.headers, signal: call.io.signal })
      const data = new Uint8Array(await answer.arrayBuffer())
      if (!answer.ok || (await sha256Hex(data)) !== f.sha256)
        throw new CliError(exits.refused, `The file ${tame(f.path)} did not arrive as it was published.`, 'Try again.')
      contents.push({ path: f.path, data })
    }
    await writeFile(
      file,
      packStudy({
        title: study.title,
        description: study.description,
        configuration: full.configuration,
        files: contents,
      }),
    )
    show(
      call.io,
      { file, studyId: id, version, files: files.length },
      () => `Saved version ${version} of “${tame(study.title)}” (${files.length} files) to ${file}`,
    )
  },
}

/** Refuses to write over a file, unless told to. */
export async function vacant(call: Call, file: string): Promise<void> {
  if (
    !call.options['force'] &&
    (await stat(file).then(
      () => true,
      () => false,
    ))
  )
    throw new CliError(exits.usage, `${file} exists already.`, 'Choose another place with -o, or add --force.')
}

export const importStudy: Command = {
  usage: 'import FILE [--org ORG] [--title TEXT]',
  summary: 'Make a new study from a .cloister.zip',
  options: { org: { type: 'string' }, title: { type: 'string' } },
  async run(call) {
    const file = argument(call, 'file')
    const bytes = await readFile(file).catch(() => {
      throw new CliError(exits.usage, `${file} cannot be read.`)
    })
    let study: Awaited<ReturnType<typeof unpackStudy>>
    try {
      study = await unpackStudy(new Uint8Array(bytes))
    } catch (e) {
      throw e instanceof StudyFileError ? new CliError(exits.no, `${file}: ${e.message}`) : e
    }
    check(`${file}/study.json`, study)
    const session = await connect(call.io, text(call, 'server'))
    const title = text(call, 'title') ?? study.title ?? 'Imported study'
    const id = await create(session, text(call, 'org'), title.slice(0, 120), study.description ?? '')
    const { version } = await publishTo(session, id, `${file}/study.json`, study.configuration, study.files, 'Imported')
    show(
      call.io,
      { studyId: id, title, version: version.version },
      () => `Made “${tame(title)}” with version ${version.version}\n  ${session.server}/studies/${id}`,
    )
  },
}
