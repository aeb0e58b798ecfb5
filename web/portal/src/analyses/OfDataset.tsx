import { Button, Group, Text } from '@mantine/core'
import { type JobState, jobStates } from '../../../../domain/jobs/life.ts'
import type { Dataset } from '../queries/datasets.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { ListControls, useListState, useShowAll } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { listed, sorts, stateOptions } from './job-list.ts'
import { asked, type Job, useJobsOf } from '../queries/jobs.ts'
import { JobsTable } from './JobsTable.tsx'

/** Every analysis on one dataset, for its custodian. */
export function OfDataset({ dataset }: { dataset: Dataset }) {
  const [list, set] = useListState('newest')
  const jobs = useJobsOf(
    dataset.datasetId,
    jobStates.includes(list.state as JobState) ? { state: list.state as JobState } : {},
  )
  const known = (jobs.data?.pages ?? []).flatMap((p) => p.items).filter(asked)
  const shown = listed(known, list.q, list.sort)
  return (
    <>
      <ListControls list={list} set={set} states={stateOptions} sorts={sorts} placeholder="Search analyses" />
      <ProblemNotice error={jobs.error} retry={() => void jobs.refetch()} />
      {jobs.isPending && !jobs.error ? (
        <LoadingRows />
      ) : (
        <Shown jobs={shown} any={known.length > 0 || list.state !== ''} />
      )}
      {jobs.hasNextPage && (
        <Group mt="sm">
          <Button variant="default" loading={jobs.isFetchingNextPage} onClick={() => void jobs.fetchNextPage()}>
            Show more
          </Button>
          <Text size="sm" c="dimmed">
            {count(known.length, 'analysis', 'analyses')} so far
          </Text>
        </Group>
      )}
    </>
  )
}

function Shown({ jobs, any }: { jobs: Job[]; any: boolean }) {
  const showAll = useShowAll()
  if (!any)
    return (
      <Empty title="Nothing has been asked yet">Analyses of this dataset appear here the moment somebody asks.</Empty>
    )
  if (jobs.length > 0) return <JobsTable jobs={jobs} who dataset={false} />
  return (
    <Empty
      title="No analysis matches"
      action={
        <Button variant="default" onClick={showAll}>
          Show all analyses
        </Button>
      }
    />
  )
}
