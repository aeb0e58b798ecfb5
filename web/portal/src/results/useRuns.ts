import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useListState } from '../parts/ListControls.tsx'
import { type RunFilter, runsPage } from './data.ts'
import { matching } from './run-order.ts'

/** What narrows the list of runs. The condition and previews are the page's own; the rest stands in its address. */
function useRunFilter() {
  const [list, set] = useListState('newest')
  const [condition, setCondition] = useState('')
  const [preview, setPreview] = useState<RunFilter['preview']>('false')
  const filter: RunFilter = { state: list.state, condition, preview }
  const showAll = () => {
    set({ q: '', state: '' })
    setCondition('')
  }
  return { list, set, filter, setCondition, setPreview, showAll }
}

/** The runs of a study, live: those the filter lets through, of the pages loaded so far, in the order chosen. */
export function useRuns(studyId: string, enabled: boolean) {
  const narrowing = useRunFilter()
  const { list, filter } = narrowing
  const query = useInfiniteQuery({
    queryKey: ['runs', studyId, filter],
    enabled,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => runsPage(studyId, filter, pageParam),
    getNextPageParam: (page) => page.next,
    // With many pages a refresh would be many requests: then the list stands still until the page is come back to.
    refetchInterval: (q) => ((q.state.data?.pages.length ?? 1) <= 2 ? 5_000 : false),
  })
  const shown = useMemo(
    () =>
      matching(
        (query.data?.pages ?? []).flatMap((page) => page.items),
        list.q,
        list.sort,
      ),
    [query.data, list.q, list.sort],
  )
  const nothingYet = shown.length === 0 && !query.hasNextPage && !list.q && !list.state && !filter.condition
  return { ...narrowing, query, shown, nothingYet }
}
export type Runs = ReturnType<typeof useRuns>
