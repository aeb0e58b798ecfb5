import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { runStates } from '../../../../domain/pipelines/life.ts'
import { Empty } from '../parts/Empty.tsx'
import { ListControls, useListState } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { myRunsQuery, type Run } from './data.ts'
import { RunsTable } from './RunsTable.tsx'
import { hasWords } from './words.ts'

type Order = (a: Run, b: Run) => number
const newestFirst: Order = (a, b) => b.created.localeCompare(a.created)
const orders: Record<string, Order> = {
  longest: (a, b) => (b.seconds ?? 0) - (a.seconds ?? 0),
  state: (a, b) => runStates.indexOf(a.state) - runStates.indexOf(b.state) || newestFirst(a, b),
  experiment: (a, b) => a.experiment.localeCompare(b.experiment) || b.number - a.number,
}
const sorts = [
  { value: 'newest', label: 'Newest first' },
  { value: 'longest', label: 'Longest first' },
  { value: 'state', label: 'State' },
  { value: 'experiment', label: 'Experiment' },
]
const states = runStates.map((state) => ({ value: state, label: state[0]!.toUpperCase() + state.slice(1) }))

/** What I have run, whichever experiment it belongs to. */
export function MyRuns() {
  const { data: runs, error, refetch } = useQuery(myRunsQuery())
  const [list, set] = useListState('')
  const sort = list.sort || 'newest'
  const shown = runs
    ?.filter((run) => !list.state || run.state === list.state)
    .filter((run) => hasWords(list.q, run.title, run.experiment, run.pipeline, run.jobId))
    .toSorted(orders[sort] ?? newestFirst)
  return (
    <>
      {runs?.length !== 0 && (
        <ListControls list={{ ...list, sort }} set={set} states={states} sorts={sorts} placeholder="Search runs" />
      )}
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!runs && !error && <LoadingRows height={44} />}
      {runs?.length === 0 && (
        <Empty title="You have not run anything yet">
          Set up an experiment; its runs appear here, whichever experiment they belong to.
        </Empty>
      )}
      {runs && runs.length > 0 && shown?.length === 0 && <Text c="dimmed">No run is like that.</Text>}
      {shown && shown.length > 0 && <RunsTable runs={shown} withExperiment />}
    </>
  )
}
