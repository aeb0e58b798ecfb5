/** dataset add, publish, list, show, ledger, retire: what a custodian does, and the catalogue. */
import type { Client } from '../../api.ts'
import { datasetFileName } from '../../dataset-file.ts'
import { type Call, defineCommand, type Group, organisation } from '../command.ts'
import { CliError, exits, show } from '../io.ts'
import { connect, everything, organisationMeant, type Session } from '../session.ts'
import { second, table, tame } from '../text.ts'
import { add } from './add.ts'
import { datasetText } from './dataset-text.ts'
import { declaration } from './declaration.ts'
import { type Dataset, datasetArgument, datasetsOf, findDataset } from './find.ts'
import { confirm, publishedText } from './publishing.ts'

type Charge = Awaited<ReturnType<Client['datasets']['ledger']>>['items'][number]

/** Signs in and finds the dataset that the argument names. */
async function datasetMeant({
  io,
  options,
  argument,
}: Call<{ org: typeof organisation }>): Promise<{ session: Session; dataset: Dataset }> {
  const session = await connect(io, options.server)
  return { session, dataset: await findDataset(session, argument, options.org) }
}

const publish = defineCommand({
  name: 'publish',
  usage: 'publish DATASET',
  summary: 'Confirms a schema and policy for the files that were read last',
  rows: [['publish DATASET [--file dataset.json]', 'confirms a schema and policy for the files that were read last']],
  argument: datasetArgument,
  options: {
    org: organisation,
    file: { type: 'string', short: 'f', value: 'FILE', help: 'the declaration, instead of ./dataset.json' },
  },
  examples: ['cloister dataset publish ageing --file dataset.json'],
  async run(call) {
    const { session, dataset } = await datasetMeant(call)
    const file = call.options.file ?? datasetFileName
    const declared = await declaration(file)
    if (!declared?.schema)
      throw new CliError(
        exits.usage,
        `${file} ${declared ? 'declares no schema' : 'is not there'}.`,
        'Say --file with the dataset.json that you have looked through.',
      )
    const done = await confirm(session, dataset, declared.schema, declared.policy, file)
    show(call.io, done, () => publishedText(session, done))
  },
})

const catalogueTable = (items: readonly Dataset[]): string =>
  table(
    ['NAME', 'STATE', 'VERSION', 'LANGUAGES', 'MODES', 'EPSILON LEFT', 'ASK', 'TITLE'],
    items.map(({ name, state, version, policy, budget, mayAnalyse, title }) => [
      name,
      state,
      version || '-',
      policy.languages.join(','),
      policy.modes.join(','),
      budget.left.toFixed(2),
      mayAnalyse ? 'yes' : 'no',
      title,
    ]),
  )

const list = defineCommand({
  name: 'list',
  usage: 'list',
  summary: 'The catalogue of an organisation',
  options: { org: organisation },
  async run({ io, options }) {
    const { session, organisationId } = await organisationMeant({ io, options })
    const items = await datasetsOf(session, organisationId)
    show(io, items, () =>
      items.length === 0
        ? 'No datasets yet. A custodian adds one with "cloister dataset add FOLDER".'
        : catalogueTable(items),
    )
  },
})

const showOne = defineCommand({
  name: 'show',
  usage: 'show DATASET',
  summary: 'Tables, columns, policy and budget of a dataset',
  argument: datasetArgument,
  options: { org: organisation },
  async run(call) {
    const { dataset } = await datasetMeant(call)
    show(call.io, dataset, () => datasetText(dataset))
  },
})

const chargeTable = (charges: readonly Charge[]): string =>
  table(
    ['AT', 'WHAT', 'EPSILON', 'JOB', 'WHO'],
    charges.map(({ at, what, epsilon, jobId, name }) => [second(at), what, epsilon.toFixed(3), jobId, name]),
  )

const ledger = defineCommand({
  name: 'ledger',
  usage: 'ledger DATASET',
  summary: 'Every charge of the privacy budget',
  rows: [['ledger DATASET', 'every charge of the privacy budget']],
  argument: datasetArgument,
  options: { org: organisation },
  async run(call) {
    const { session, dataset } = await datasetMeant(call)
    const { budget, datasetId } = dataset
    const charges = await everything((after) =>
      session.client.datasets.ledger({ params: { datasetId }, query: { limit: 200, after } }),
    )
    show(call.io, { budget, charges }, () =>
      [
        `epsilon ${budget.epsilon} at delta ${budget.delta}, ${budget.left.toFixed(3)} left`,
        charges.length === 0 ? 'No charges yet.' : chargeTable(charges),
      ].join('\n'),
    )
  },
})

const retire = defineCommand({
  name: 'retire',
  usage: 'retire DATASET',
  summary: 'Ends all questions to a dataset for good; released results stay',
  rows: [['retire DATASET --yes', 'no more questions; released results stay']],
  argument: datasetArgument,
  options: { org: organisation, yes: { type: 'boolean', help: 'this is meant' } },
  examples: ['cloister dataset retire ageing --yes'],
  async run(call) {
    const { session, dataset } = await datasetMeant(call)
    const { datasetId, rev, title } = dataset
    if (!call.options.yes)
      throw new CliError(
        exits.usage,
        `Retiring “${tame(title)}” ends all questions to it for good; released results stay.`,
        'Say --yes if that is meant.',
      )
    const done = await session.client.datasets.retire({ params: { datasetId }, body: { rev } })
    show(call.io, done, () => `“${tame(done.title)}” is retired.`)
  },
})

const dataset: Group = {
  name: 'dataset',
  summary: 'The catalogue of datasets; register, publish and retire them',
  commands: [add, publish, list, showOne, ledger, retire],
  column: 64,
  detail: 'DATASET is an id or a catalogue name. Files go straight into the protected store; nothing can be read back.',
}

export const datasets: readonly Group[] = [dataset]
