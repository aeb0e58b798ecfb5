/** publish, studies, links, runs: what there is of studies. */
import { runStates } from '../../../domain/runs/life.ts'
import type { Client } from '../../api.ts'
import { type Command, defineCommand, organisation } from '../command.ts'
import { show } from '../io.ts'
import { connect, everything, organisationMeant } from '../session.ts'
import { count, day, minute, table } from '../text.ts'
import { links } from './links.ts'
import { publish } from './publish.ts'
import { previewsOption, runStateOf } from './run-state.ts'
import { studyArgument, studyIdOf } from './study-id.ts'

type Study = Awaited<ReturnType<Client['studies']['list']>>['items'][number]
type Run = Awaited<ReturnType<Client['runs']['list']>>['items'][number]

const studyTable = (items: readonly Study[]): string =>
  table(
    ['STUDY', 'STATE', 'VERSION', 'CHANGED', 'TITLE'],
    items.map((study) => [study.studyId, study.state, study.version || '-', day(study.changed), study.title]),
  )

const list = defineCommand({
  name: 'studies',
  usage: 'studies [--org ORG]',
  summary: 'Studies that you may see',
  options: { org: organisation },
  async run({ io, options }) {
    const { session, organisationId } = await organisationMeant({ io, options })
    const items = await everything((after) =>
      session.client.studies.list({ params: { organisationId }, query: { limit: 200, after } }),
    )
    show(io, items, () =>
      items.length === 0 ? 'No studies yet. Publish one with "cloister publish FOLDER".' : studyTable(items),
    )
  },
})

/** The runs, how many they are, and how many of their records are missing. */
function runTable(items: readonly Run[]): string {
  const missing = items.reduce((sum, run) => sum + run.missing, 0)
  const rows = table(
    ['RUN', 'STATE', 'CONDITION', 'STARTED', 'SECONDS', 'RECEIVED', 'MISSING'],
    items.map((run) => [
      run.runId,
      run.state,
      run.condition || '-',
      minute(run.started),
      run.seconds,
      run.received,
      run.missing,
    ]),
  )
  return `${rows}\n${count(items.length, 'run')}, ${count(missing, 'record')} missing`
}

const runs = defineCommand({
  name: 'runs',
  usage: 'runs STUDY [--state STATE] [--previews]',
  summary: 'Runs of a study, without content',
  detail: `States: ${runStates.join(', ')}. Previews are left out unless asked for.`,
  argument: studyArgument,
  options: {
    state: { type: 'string', value: 'STATE', help: `only runs in this state: ${runStates.join(', ')}` },
    previews: previewsOption,
  },
  examples: ['cloister runs std_abcdefghijklmnop --state completed'],
  async run(call) {
    const { io, options } = call
    const studyId = studyIdOf(call)
    const state = runStateOf(options.state)
    const session = await connect(io, options.server)
    const items = await everything((after) =>
      session.client.runs.list({
        params: { studyId },
        query: { limit: 200, after, state, preview: options.previews ? undefined : 'false' },
      }),
    )
    show(io, items, () => (items.length === 0 ? 'No runs.' : runTable(items)))
  },
})

export const studies: readonly Command[] = [publish, list, links, runs]
