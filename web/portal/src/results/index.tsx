/** Results of a study: its runs, opening them, what they hold. */
import { Button, Group, Select, Stack, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { runLife, runStates } from '../../../../domain/runs/life.ts'
import { type Study, useMay } from '../hooks.ts'
import { count } from '../parts/figures.ts'
import { Empty } from '../parts/Empty.tsx'
import { ListControls, useListState } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { overviewQuery, studyQuery } from '../queries/studies.ts'
import { openable, type Run, type RunFilter, runsPage } from './data.ts'
import { OpenDialog } from './OpenDialog.tsx'
import { useOpened } from './opened.ts'
import { OpenedResults } from './opened/OpenedResults.tsx'
import { RunsTable } from './RunsTable.tsx'
import { SingleRun } from './SingleRun.tsx'
import { WithdrawRun } from './Withdraw.tsx'

const sorts = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'longest', label: 'Longest first' },
  { value: 'missing', label: 'Most missing first' },
] as const
const order: Record<string, (a: Run, b: Run) => number> = {
  newest: (a, b) => b.started.localeCompare(a.started),
  oldest: (a, b) => a.started.localeCompare(b.started),
  longest: (a, b) => b.seconds - a.seconds,
  missing: (a, b) => b.missing - a.missing || b.conflicts - a.conflicts,
}
const stateOptions = runStates.map((s) => ({ value: s, label: s[0]!.toUpperCase() + s.slice(1) }))

/** The tab of a study: all its runs, live; opening and downloads. */
export function ResultsTab({ study: { studyId } }: { study: Study }) {
  const may = useMay()
  const { data: study } = useQuery(studyQuery(studyId))
  const [list, set] = useListState('newest')
  const [condition, setCondition] = useState('')
  const [previews, setPreviews] = useState<RunFilter['preview']>('false')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [choose, setChoose] = useState<() => Promise<readonly string[]>>()
  const [withdrawing, setWithdrawing] = useState<string>()
  const opened = useOpened(studyId)
  const sees = study && may('runs.rows', study)
  const { data: overview } = useQuery({
    ...overviewQuery(studyId),
    enabled: study !== undefined && may('study.aggregates', study),
  })
  const filter: RunFilter = { state: list.state, condition, preview: previews }
  const runs = useInfiniteQuery({
    queryKey: ['runs', studyId, filter],
    enabled: sees === true,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => runsPage(studyId, filter, pageParam),
    getNextPageParam: (page) => page.next,
    // With many pages a refresh would be many requests: then the list stands still until the page is come back to.
    refetchInterval: (q) => ((q.state.data?.pages.length ?? 1) <= 2 ? 5_000 : false),
  })
  const shown = useMemo(() => {
    const query = list.q.trim().toLowerCase()
    const all = (runs.data?.pages ?? []).flatMap((p) => p.items)
    return all
      .filter(
        (r) =>
          !query || [r.runId, r.condition, r.linkLabel, r.pseudonym ?? ''].some((t) => t.toLowerCase().includes(query)),
      )
      .sort(order[list.sort] ?? order['newest']!)
  }, [runs.data, list.q, list.sort])
  if (!study) return <LoadingRows />
  if (!sees)
    return (
      <Empty title="You may not see single runs of this study">
        Figures are on the overview. To see the list of runs, ask somebody who manages sharing of this study for the
        right “See the list of runs”.
      </Empty>
    )
  const mayOpen = may('runs.open', study)
  const conditions = overview?.byCondition.map((c) => c.condition).filter(Boolean) ?? []
  const chosen = [...selected].filter((id) => shown.some((r) => r.runId === id))
  const nothingYet = shown.length === 0 && !runs.hasNextPage && !list.q && !list.state && !condition
  return (
    <Stack gap="lg">
      {opened && <OpenedResults study={study} opened={opened} />}
      <div>
        <Group justify="space-between" mb="sm" gap="sm">
          <Text size="sm" c="dimmed">
            {overview ? `${count(overview.runs, 'run')}, ${overview.byState.completed ?? 0} completed` : ' '}
          </Text>
          {mayOpen ? (
            <Button
              onClick={() =>
                setChoose(() => () => (chosen.length > 0 ? Promise.resolve(chosen) : openable(studyId, filter)))
              }
            >
              {openWords(chosen.length, list.state !== '' || condition !== '')}
            </Button>
          ) : (
            <Text size="sm" c="dimmed">
              Opening results needs the right “Open full results”.
            </Text>
          )}
        </Group>
        <ListControls list={list} set={set} states={stateOptions} sorts={sorts} placeholder="Search runs" />
        <Group gap="sm" mb="sm">
          {conditions.length > 1 && (
            <Select
              size="xs"
              aria-label="Filter by condition"
              data={[{ value: '', label: 'Every condition' }, ...conditions]}
              value={condition}
              onChange={(v) => setCondition(v ?? '')}
              allowDeselect={false}
              w={180}
            />
          )}
          <Select
            size="xs"
            aria-label="Previews"
            data={[
              { value: 'false', label: 'Without previews' },
              { value: 'true', label: 'Only previews' },
              { value: '', label: 'With previews' },
            ]}
            value={previews}
            onChange={(v) => setPreviews((v ?? 'false') as RunFilter['preview'])}
            allowDeselect={false}
            w={160}
          />
          {list.state && (
            <Text size="sm" c="dimmed">
              {runLife[list.state as keyof typeof runLife]?.meaning}
            </Text>
          )}
        </Group>
        <ProblemNotice error={runs.error} retry={() => void runs.refetch()} />
        {runs.isPending && <LoadingRows rows={6} />}
        {!runs.isPending && nothingYet && (
          <Empty title={previews === 'true' ? 'No previews yet' : 'No runs yet'}>
            A run appears here the moment a participant starts. Make a link on the Links tab; a preview link works even
            before the study is launched.
          </Empty>
        )}
        {!runs.isPending && !nothingYet && shown.length === 0 && (
          <Empty
            title="No run matches"
            action={
              <Button
                variant="default"
                onClick={() => {
                  set({ q: '', state: '' })
                  setCondition('')
                }}
              >
                Show all runs
              </Button>
            }
          />
        )}
        {!runs.isPending && !nothingYet && shown.length > 0 && (
          <RunsTable
            runs={shown}
            selected={selected}
            select={setSelected}
            mayOpen={mayOpen}
            mayWithdraw={may('runs.withdraw', study)}
            open={(id) => setChoose(() => () => Promise.resolve([id]))}
            withdraw={setWithdrawing}
          />
        )}
        {runs.hasNextPage && (
          <Group mt="sm">
            <Button variant="default" loading={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
              Show more
            </Button>
            <Text size="sm" c="dimmed">
              {count(shown.length, 'run')} so far; search and order are over these.
            </Text>
          </Group>
        )}
      </div>
      <OpenDialog studyId={studyId} choose={choose} onClose={() => setChoose(undefined)} />
      <WithdrawRun runId={withdrawing} onClose={() => setWithdrawing(undefined)} />
    </Stack>
  )
}

function openWords(chosen: number, narrowed: boolean): string {
  if (chosen > 0) return `Open ${count(chosen, 'run')} …`
  return narrowed ? 'Open all that match …' : 'Open all completed …'
}

/** The page of one run. */
export function RunPage() {
  const { runId } = useParams({ strict: false }) as { runId: string }
  return <SingleRun runId={runId} />
}
