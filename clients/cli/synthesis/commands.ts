/** The commands of `synthesis`: a synthetic table from its plan to its files. */
import { type Call, defineCommand, force, type Group, organisation, output } from '../command.ts'
import { download } from '../download.ts'
import { mustBeVacant } from '../files.ts'
import { CliError, exits, show } from '../io.ts'
import { jobOver } from '../jobs/outcome.ts'
import { connect, everything, organisationMeant, type Session } from '../session.ts'
import { tame } from '../text.ts'
import { choice, numberOf } from '../values.ts'
import { begin } from './begin.ts'
import { confirm, make } from './confirm.ts'
import type { Synthesis } from './plan.ts'
import { fresh } from './rest.ts'
import { synthesisArgument } from './synthesis-id.ts'
import { synthesisTable, synthesisText } from './synthesis-text.ts'

const formats = ['csv', 'parquet', 'dictionary', 'croissant', 'card'] as const

/** Signs in and asks how the synthesis stands that the argument names. */
async function synthesisMeant({
  io,
  options,
  argument,
}: Call): Promise<{ session: Session; synthesis: Synthesis; params: { synthesisId: string } }> {
  const session = await connect(io, options.server)
  const synthesis = await fresh(session, argument)
  return { session, synthesis, params: { synthesisId: synthesis.synthesisId } }
}

const list = defineCommand({
  name: 'list',
  usage: 'list',
  summary: 'Synthetic tables of an organisation that you may see',
  options: { org: organisation },
  async run({ io, options }) {
    const { session, organisationId } = await organisationMeant({ io, options })
    const items = await everything((after) =>
      session.client.synthesis.list({ params: { organisationId }, query: { limit: 200, after } }),
    )
    show(io, items, () => (items.length === 0 ? 'No synthetic tables that you can see.' : synthesisTable(items)))
  },
})

const showOne = defineCommand({
  name: 'show',
  usage: 'show ID',
  summary: 'How a synthetic table stands, what it cost and how near it is to the real one',
  argument: synthesisArgument,
  options: {},
  async run(call) {
    const { synthesis } = await synthesisMeant(call)
    show(call.io, synthesis, () => synthesisText(synthesis))
  },
})

const evaluate = defineCommand({
  name: 'evaluate',
  usage: 'evaluate ID',
  summary: 'Compares a synthetic table with the real one',
  rows: [
    [
      'evaluate ID [--target COLUMN]',
      'compares with the real table, for the custodian only; --charge EPSILON buys two figures that may be shown',
    ],
  ],
  argument: synthesisArgument,
  options: {
    target: { type: 'string', value: 'COLUMN', help: 'compares models that predict this column' },
    charge: { type: 'string', value: 'EPSILON', help: 'buys two figures that may be shown' },
  },
  examples: ['cloister synthesis evaluate syn_abcdefghijklmnop --target diagnosis'],
  async run(call) {
    const { io, options } = call
    const { session, params } = await synthesisMeant(call)
    const { target } = options
    const charge = numberOf('charge', options.charge)
    const { jobId } = await session.client.synthesis.evaluate({
      params,
      body: {
        kind: target === undefined ? 'agreement' : 'model',
        ...(target === undefined ? {} : { target }),
        ...(charge === undefined ? {} : { charge }),
      },
    })
    const job = await jobOver(session, jobId)
    if (job.state !== 'succeeded') throw new CliError(exits.no, tame(job.problem?.message ?? 'The comparison failed.'))
    const now = await fresh(session, params.synthesisId)
    show(io, now, () => synthesisText(now))
  },
})

const share = defineCommand({
  name: 'share',
  usage: 'share ID',
  summary: 'Lets the organisation’s analysts have a synthetic table',
  rows: [['share ID [--no] [--expires DAY]', 'lets the organisation’s analysts have it, until a day']],
  argument: synthesisArgument,
  options: {
    no: { type: 'boolean', help: 'takes it back' },
    expires: { type: 'string', value: 'DAY', help: 'until this day' },
    title: { type: 'string', value: 'TEXT', help: 'what it is called from now on' },
  },
  examples: ['cloister synthesis share syn_abcdefghijklmnop --expires 2027-01-31'],
  async run(call) {
    const { io, options } = call
    const { session, synthesis, params } = await synthesisMeant(call)
    const { expires, title } = options
    const now = await session.client.synthesis.share({
      params,
      body: {
        rev: synthesis.rev,
        shared: options.no !== true,
        ...(expires === undefined ? {} : { expires }),
        ...(title === undefined ? {} : { title }),
      },
    })
    show(io, now, () => synthesisText(now))
  },
})

const save = defineCommand({
  name: 'download',
  usage: 'download ID',
  summary: 'Saves a synthetic table, or what is said of it',
  rows: [[`download ID [--format ${formats.join('|')}] [-o FILE]`]],
  argument: synthesisArgument,
  options: {
    format: { type: 'string', value: formats.join('|'), help: 'what is saved; csv without' },
    output,
    force,
  },
  examples: ['cloister synthesis download syn_abcdefghijklmnop --format parquet'],
  async run(call) {
    const { io, options } = call
    const { session, params } = await synthesisMeant(call)
    const format = choice('format', options.format, formats) ?? 'csv'
    const { url, filename } = await session.client.synthesis.download({ params, query: { format } })
    const file = options.output ?? filename
    await mustBeVacant(file, options)
    await download(io, url, file, (status) => ({ message: `The download answered ${status}. Try again.` }))
    show(io, { file, format }, () => file)
  },
})

const group: Group = {
  name: 'synthesis',
  usage:
    'synthesis begin|make FILE | synthesis begin|make DATASET --table T | list | show|confirm|evaluate|share|download ID',
  summary: 'Differentially private synthetic tables',
  commands: [begin, make, list, showOne, confirm, evaluate, share, save],
  column: 36,
  detail: 'The guide is docs/synthesis.md.',
  wrongUse: {
    message: 'Say what to do: begin, make, list, show, confirm, evaluate, share or download.',
    hint: '"cloister help synthesis" says more.',
  },
}

export const synthesis: readonly Group[] = [group]
