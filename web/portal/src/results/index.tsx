/** Results of a study: its runs, opening them, what they hold. */
import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { type Study, useMay } from '../hooks.ts'
import { count } from '../parts/figures.ts'
import { Empty } from '../parts/Empty.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { overviewQuery, studyQuery } from '../queries/studies.ts'
import { openable } from './data.ts'
import { OpenDialog } from './OpenDialog.tsx'
import { useOpened } from './opened.ts'
import { OpenedResults } from './opened/OpenedResults.tsx'
import { RunControls } from './RunControls.tsx'
import { RunList } from './RunList.tsx'
import { RunsTable } from './RunsTable.tsx'
import { SingleRun } from './SingleRun.tsx'
import { useRuns } from './useRuns.ts'
import { WithdrawRun } from './Withdraw.tsx'

/** The tab of a study: all its runs, live; opening and downloads. */
export function ResultsTab({ study: { studyId } }: { study: Study }) {
  const may = useMay()
  const { data: study } = useQuery(studyQuery(studyId))
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [choose, setChoose] = useState<() => Promise<readonly string[]>>()
  const [withdrawing, setWithdrawing] = useState<string>()
  const opened = useOpened(studyId)
  const sees = study !== undefined && may('runs.rows', study)
  const { data: overview } = useQuery({
    ...overviewQuery(studyId),
    enabled: study !== undefined && may('study.aggregates', study),
  })
  const runs = useRuns(studyId, sees)
  if (!study) return <LoadingRows />
  if (!sees) return <NotShared />
  const { shown, filter } = runs
  const mayOpen = may('runs.open', study)
  const chosen = [...selected].filter((id) => shown.some((run) => run.runId === id))
  const openChosen = () => (chosen.length > 0 ? Promise.resolve(chosen) : openable(studyId, filter))
  return (
    <Stack gap="lg">
      {opened && <OpenedResults study={study} opened={opened} />}
      <div>
        <Group justify="space-between" mb="sm" gap="sm">
          <Text size="sm" c="dimmed">
            {overview ? `${count(overview.runs, 'run')}, ${overview.byState.completed ?? 0} completed` : ' '}
          </Text>
          {mayOpen ? (
            <Button onClick={() => setChoose(() => openChosen)}>
              {openWords(chosen.length, filter.state !== '' || filter.condition !== '')}
            </Button>
          ) : (
            <Text size="sm" c="dimmed">
              Opening results needs the right “Open full results”.
            </Text>
          )}
        </Group>
        <RunControls
          runs={runs}
          conditions={overview?.byCondition.map((each) => each.condition).filter(Boolean) ?? []}
        />
        <RunList runs={runs}>
          <RunsTable
            runs={shown}
            selected={selected}
            select={setSelected}
            mayOpen={mayOpen}
            mayWithdraw={may('runs.withdraw', study)}
            open={(id) => setChoose(() => () => Promise.resolve([id]))}
            withdraw={setWithdrawing}
          />
        </RunList>
      </div>
      <OpenDialog studyId={studyId} choose={choose} onClose={() => setChoose(undefined)} />
      <WithdrawRun runId={withdrawing} onClose={() => setWithdrawing(undefined)} />
    </Stack>
  )
}

const NotShared = () => (
  <Empty title="You may not see single runs of this study">
    Figures are on the overview. To see the list of runs, ask somebody who manages sharing of this study for the right
    “See the list of runs”.
  </Empty>
)

function openWords(chosen: number, narrowed: boolean): string {
  if (chosen > 0) return `Open ${count(chosen, 'run')} …`
  return narrowed ? 'Open all that match …' : 'Open all completed …'
}

/** The page of one run. */
export function RunPage() {
  const { runId } = useParams({ strict: false }) as { runId: string }
  return <SingleRun runId={runId} />
}
