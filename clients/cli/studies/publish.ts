/** publish: a folder as a new version of its study. */
import { type Client } from '../../api.ts'
import { defineCommand, oneOf, organisation } from '../command.ts'
import { show } from '../io.ts'
import { connect, type Session } from '../session.ts'
import { megabytes, minute, tame } from '../text.ts'
import { readFolder, rememberedStudy, rememberStudy } from './folder.ts'
import { makeLink } from './links.ts'
import { createStudy, publishTo } from './publishing.ts'

type Study = Awaited<ReturnType<Client['studies']['study']>>

/** Lets participants in, and answers the state of the study. */
async function launch(session: Session, studyId: string): Promise<Study['state']> {
  const { rev } = await session.client.studies.study({ params: { studyId } })
  return (await session.client.studies.setState({ params: { studyId }, body: { state: 'live', rev } })).state
}

/** What became of a folder, for people. */
function publishedText(
  server: string,
  { study, version, fresh }: Awaited<ReturnType<typeof publishTo>>,
  state: Study['state'],
  link: Awaited<ReturnType<typeof makeLink>> | undefined,
): string {
  const title = tame(study.title)
  return [
    fresh
      ? `Published version ${version.version} of “${title}” (${version.assets} files, ${megabytes(version.bytes)})`
      : `Version ${version.version} of “${title}” is this already; nothing to publish`,
    `  ${server}/studies/${study.studyId}`,
    `  state: ${state}${state === 'draft' ? ' (add --launch to let participants in)' : ''}`,
    ...(link ? [`  ${link.kind} link, until ${minute(link.expires)} UTC: ${link.url}`] : []),
  ].join('\n')
}

export const publish = defineCommand({
  name: 'publish',
  usage: 'publish FOLDER [--study ID] [--org ORG] [--note TEXT] [--launch] [--link KIND]',
  summary: 'Publish a folder as a new version of its study; makes the study when there is none',
  detail:
    'The folder holds study.json (and its files), or plain web pages with index.html. It is checked here first. Which study it is, is remembered in .cloister.json inside it. Publishing what is published already changes nothing.',
  argument: oneOf('folder', 'a folder with study.json, or with web pages'),
  options: {
    study: { type: 'string', value: 'ID', help: 'the study, instead of the one that the folder remembers' },
    org: organisation,
    note: { type: 'string', value: 'TEXT', help: 'what is new in this version' },
    launch: { type: 'boolean', help: 'makes the study live: participants may come' },
    link: { type: 'string', value: 'KIND', help: 'makes a link of this kind and prints it' },
  },
  examples: ['cloister publish ./stroop --note "Shorter breaks"', 'cloister publish ./stroop --launch --link general'],
  async run({ io, options, argument }) {
    const folder = await readFolder(argument)
    const session = await connect(io, options.server)
    const { server } = session
    const studyId =
      options.study ??
      (await rememberedStudy(folder.root, server)) ??
      (await createStudy(session, options.org, folder.title, folder.study.description ?? ''))
    await rememberStudy(folder.root, server, studyId)
    const done = await publishTo(session, studyId, {
      where: `${argument.replace(/\/$/, '')}/study.json`,
      configuration: folder.study.configuration,
      files: folder.study.files,
      note: options.note ?? '',
    })
    const { study, version, fresh } = done
    const state = options.launch && study.state !== 'live' ? await launch(session, studyId) : study.state
    const link = options.link === undefined ? undefined : await makeLink(session, studyId, options.link)
    show(
      io,
      {
        studyId,
        title: study.title,
        version: version.version,
        contentHash: version.contentHash,
        published: fresh,
        state,
        ...(link ? { link: link.url } : {}),
      },
      () => publishedText(server, done, state, link),
    )
  },
})
