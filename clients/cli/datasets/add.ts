/** dataset add: a folder of tables into the protected store. */
import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { defaultDatasetPolicy } from '../../../domain/datasets/policy.ts'
import type { DatasetSchema } from '../../../domain/datasets/schema.ts'
import { type DatasetFile, datasetFileName, writeDatasetFile } from '../../dataset-file.ts'
import { defineCommand, force, organisation, output } from '../command.ts'
import { filesBelow, mustBeFolder, mustBeVacant } from '../files.ts'
import { CliError, exits, type Io, show } from '../io.ts'
import { organisationMeant, type Session } from '../session.ts'
import { count, tame } from '../text.ts'
import { declaration } from './declaration.ts'
import { type Dataset, datasetsOf } from './find.ts'
import { confirm, finished, publishedText, type Reading, upload } from './publishing.ts'

const nameFrom = (folder: string): string =>
  basename(resolve(folder))
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '_')
    .replace(/^[^a-z]+/, '')
    .slice(0, 60)

function mustBeName(name: string): void {
  if (!/^[a-z][a-z0-9_-]{1,59}$/.test(name))
    throw new CliError(
      exits.usage,
      `"${tame(name)}" cannot be a dataset’s name.`,
      'Say --name with lower-case letters, digits, - and _.',
    )
}

/** Sends the folder's files and has them read; notes what the reader warns of. */
async function sendAndRead(session: Session, datasetId: string, folder: string, paths: string[]): Promise<Reading> {
  const files = await upload(
    session,
    datasetId,
    await Promise.all(paths.map(async (path) => ({ path, data: await openAsBlob(join(folder, path)) }))),
  )
  await session.client.datasets.read({ params: { datasetId }, body: { files } })
  const reading = await finished(session, datasetId, 'Reading tables', ({ state }) => state === 'ready')
  for (const { file, warnings } of reading.tables)
    for (const warning of warnings) session.io.note(`${tame(file)}: ${tame(warning)}`)
  return reading
}

/** The dataset of that name in the organisation's catalogue, and a new one when there is none. */
async function datasetNamed(
  session: Session,
  organisationId: string,
  name: string,
  title: string | undefined,
  declared: DatasetFile | undefined,
): Promise<{ dataset: Dataset; isKnown: boolean }> {
  const known = (await datasetsOf(session, organisationId)).find((one) => one.name === name)
  if (known) return { dataset: known, isKnown: true }
  const made = await session.client.datasets.create({
    params: { organisationId },
    body: {
      name,
      title: title ?? declared?.title ?? name,
      description: declared?.description ?? '',
      ...(declared?.declaredSubjects ? { declaredSubjects: declared.declaredSubjects } : {}),
    },
  })
  return { dataset: made, isKnown: false }
}

/** What is left to do by a person, who must look through the proposed declaration. */
function noteNextSteps(io: Io, name: string, tables: number, saved: string | undefined): void {
  const look = saved ? `look through ${saved}` : 'save this as dataset.json'
  io.note(
    `Read ${count(tables, 'table')}. Nothing is published yet: ${look}, correct what is wrong, say which column is the subject, and confirm with\n  cloister dataset publish ${name} --file ${saved ?? 'dataset.json'}`,
  )
}

export const add = defineCommand({
  name: 'add',
  usage: 'add FOLDER',
  summary: 'Uploads a folder’s files, has them read, and publishes or proposes their schema',
  rows: [
    [
      'add FOLDER [--name NAME] [--title TEXT] [--draft] [-o FILE]',
      `uploads the folder's files and has them read. With a dataset.json (schema and policy) in it, publishes it as a new version;
otherwise prints the proposed dataset.json, for you to look through and confirm with "publish"`,
    ],
  ],
  argument: {
    name: 'FOLDER',
    help: 'a folder of CSV or Parquet files, with dataset.json or without',
    missing: 'Say which folder: cloister dataset add ./folder',
    tooMany: 'Say which folder: cloister dataset add ./folder',
  },
  options: {
    org: organisation,
    name: { type: 'string', value: 'NAME', help: 'its name in the catalogue, instead of the folder’s' },
    title: { type: 'string', value: 'TEXT', help: 'its title, when it is new' },
    draft: { type: 'boolean', help: 'publishes nothing yet, even with a dataset.json' },
    output: { ...output, help: 'where to save the proposed dataset.json' },
    force,
  },
  examples: ['cloister dataset add ./ageing', 'cloister dataset add ./ageing --draft -o dataset.json'],
  async run({ io, options, argument: folder }) {
    await mustBeFolder(folder)
    const paths = (await filesBelow(resolve(folder))).filter((path) => path !== datasetFileName)
    const declared = await declaration(join(folder, datasetFileName), new Set(paths))
    const name = options.name ?? declared?.name ?? nameFrom(folder)
    mustBeName(name)
    const { session, organisationId } = await organisationMeant({ io, options })
    const { dataset, isKnown } = await datasetNamed(session, organisationId, name, options.title, declared)
    const reading = await sendAndRead(session, dataset.datasetId, folder, paths)
    if (declared?.schema && !options.draft) {
      const where = join(folder, datasetFileName)
      const done = await confirm(session, dataset, declared.schema, declared.policy, where)
      show(io, done, () => publishedText(session, done))
      return
    }
    const proposed = writeDatasetFile({
      name: dataset.name,
      title: dataset.title,
      description: dataset.description,
      declaredSubjects: dataset.declaredSubjects,
      schema: reading.proposed as DatasetSchema,
      policy: isKnown ? dataset.policy : defaultDatasetPolicy,
    })
    const saved = options.output
    if (saved !== undefined) {
      await mustBeVacant(saved, options)
      await writeFile(saved, proposed)
    }
    noteNextSteps(io, dataset.name, reading.tables.length, saved)
    if (io.json) show(io, { ...dataset, proposed: reading.proposed }, () => '')
    else if (saved === undefined) io.out(proposed.trimEnd())
  },
})
