import { Button, Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import type { Runs } from './useRuns.ts'

/** The list of runs as it stands: on its way, none yet, none that matches, or (`children`) its table. */
export function RunList({ runs, children }: { runs: Runs; children: ReactNode }) {
  const { query, shown } = runs
  return (
    <>
      <ProblemNotice error={query.error} retry={() => void query.refetch()} />
      {query.isPending && <LoadingRows rows={6} />}
      {!query.isPending && (shown.length > 0 ? children : <NoRuns runs={runs} />)}
      {query.hasNextPage && (
        <Group mt="sm">
          <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show more
          </Button>
          <Text size="sm" c="dimmed">
            {count(shown.length, 'run')} so far; search and order are over these.
          </Text>
        </Group>
      )}
    </>
  )
}

function NoRuns({ runs: { nothingYet, filter, showAll } }: { runs: Runs }) {
  if (nothingYet)
    return (
      <Empty title={filter.preview === 'true' ? 'No previews yet' : 'No runs yet'}>
        A run appears here the moment a participant starts. Make a link on the Links tab; a preview link works even
        before the study is launched.
      </Empty>
    )
  return (
    <Empty
      title="No run matches"
      action={
        <Button variant="default" onClick={showAll}>
          Show all runs
        </Button>
      }
    />
  )
}
