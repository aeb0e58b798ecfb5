/** synthesis begin: a file or a registered table is read, and a plan proposed. */
import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { sendFiles } from '../../publish.ts'
import { type Argument, defineCommand, force, type Options, organisation, output } from '../command.ts'
import { findDataset } from '../datasets/find.ts'
import { mustBeVacant } from '../files.ts'
import { show } from '../io.ts'
import { connect, organisationOf, type Session } from '../session.ts'
import { planText, type Synthesis } from './plan.ts'
import { rested } from './rest.ts'
import { synthesisText } from './synthesis-text.ts'

/** What a synthesis can begin with. */
export const sourceArgument: Argument = {
  name: 'FILE',
  help: 'a CSV or Parquet file; with --table, a registered dataset',
  missing: 'Say which file or dataset.',
  tooMany: 'Only one at a time.',
}

export const sourceOptions = {
  org: organisation,
  table: { type: 'string', value: 'T', help: 'a table of a registered dataset, which the argument then names' },
  title: { type: 'string', value: 'TEXT', help: 'what it is called, instead of the file’s name' },
} as const satisfies Options

/** What `sourceOptions` were given. */
interface Source {
  org?: string | undefined
  table?: string | undefined
  title?: string | undefined
}

/**
 * Begins a synthesis: a file is uploaded and read; of a registered dataset, `--table` names the table.
 *
 * @param what The file, or the dataset by its id or name.
 * @throws {CliError} why the file could not be read, column by column; `UploadFailed` when it does not arrive.
 */
export async function begun(session: Session, what: string, source: Source): Promise<Synthesis> {
  const { client, io } = session
  const { title } = source
  if (source.table !== undefined) {
    const { datasetId } = await findDataset(session, what, source.org)
    const body = { datasetId, table: source.table, ...(title === undefined ? {} : { title }) }
    return client.synthesis.begin({ body })
  }
  const path = basename(what)
  const data = await openAsBlob(what)
  const { organisationId } = await organisationOf(session, source.org)
  let synthesisId = ''
  await sendFiles({
    files: [{ path, data }],
    signal: io.signal,
    ask: async ([file]) => {
      const made = await client.synthesis.begin({ body: { organisationId, title: title ?? path, file: file! } })
      synthesisId = made.synthesisId
      return [{ path, ...(made.upload ? { upload: made.upload } : {}) }]
    },
  })
  await client.synthesis.infer({ params: { synthesisId } })
  return rested(session, synthesisId)
}

export const begin = defineCommand({
  name: 'begin',
  usage: 'begin FILE',
  summary: 'Has a table read and prints the proposed plan; nothing is charged',
  rows: [
    [
      'begin FILE [-o plan.json]',
      'uploads a CSV or Parquet file, has it read, and prints the proposed plan; with --table, a table of a registered dataset',
    ],
  ],
  argument: sourceArgument,
  options: { ...sourceOptions, output: { ...output, help: 'where to save the proposed plan' }, force },
  examples: [
    'cloister synthesis begin people.csv -o plan.json',
    'cloister synthesis begin ageing --table subjects -o plan.json',
  ],
  async run({ io, options, argument }) {
    const session = await connect(io, options.server)
    const synthesis = await begun(session, argument, options)
    const plan = planText(synthesis.plan!)
    const file = options.output
    if (file !== undefined) {
      await mustBeVacant(file, options)
      await writeFile(file, `${plan}\n`)
    }
    io.note(
      `Nothing is charged yet. Look through the plan, correct it, and confirm it with\n  cloister synthesis confirm ${synthesis.synthesisId} --plan plan.json`,
    )
    show(io, synthesis, () => (file === undefined ? plan : synthesisText(synthesis)))
  },
})
