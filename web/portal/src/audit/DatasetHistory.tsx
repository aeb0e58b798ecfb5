import { Button, Group } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type AuditEvent, Events } from './Events.tsx'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import type { Dataset } from '../queries/datasets.ts'

/** What was done to the dataset: the audit chain's events about it and its analyses. */
export function DatasetHistory({ dataset: { datasetId } }: { dataset: Dataset }) {
  const history = useInfiniteQuery({
    queryKey: ['dataset-history', datasetId],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) =>
      api.datasets.history({ params: { datasetId }, query: pageParam ? { before: pageParam } : {} }),
    getNextPageParam: (page) => page.next,
  })
  const events = (history.data?.pages ?? []).flatMap((p) => p.items) as unknown as AuditEvent[]
  if (history.isPending) return <LoadingRows rows={6} />
  return (
    <>
      <ProblemNotice error={history.error} retry={() => void history.refetch()} />
      {events.length > 0 ? (
        <Events events={events} />
      ) : (
        !history.hasNextPage &&
        !history.error && (
          <Empty title="Nothing has happened yet">
            Registration, changes of the policy, analyses, releases and charges of the budget are written here.
          </Empty>
        )
      )}
      {history.hasNextPage && (
        <Group mt="sm">
          <Button variant="default" loading={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            Show older events
          </Button>
        </Group>
      )}
    </>
  )
}
