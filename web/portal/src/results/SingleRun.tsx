import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { runLife } from '../../../../domain/runs/life.ts'
import { type Study, useMay } from '../hooks.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { studyQuery } from '../queries/studies.ts'
import { mayOpenRun, type Run, runQuery } from './data.ts'
import { OpenDialog } from './OpenDialog.tsx'
import { useOpened } from './opened.ts'
import { OpenedResults } from './opened/OpenedResults.tsx'
import { RunFacts } from './RunFacts.tsx'
import { shortRun, WithdrawRun } from './Withdraw.tsx'

/** One run, counted exactly: how it stands, what arrived, and its content once opened. */
export function SingleRun({ runId }: { runId: string }) {
  const { data: run, error, refetch } = useQuery(runQuery(runId))
  const { data: study } = useQuery({ ...studyQuery(run?.studyId ?? ''), enabled: run !== undefined })
  const [choose, setChoose] = useState<() => Promise<readonly string[]>>()
  const [withdrawing, setWithdrawing] = useState<string>()
  const held = useOpened(run?.studyId ?? '')
  const mine = held?.runs.filter((r) => r.row.runId === runId) ?? []
  const title = `Run ${shortRun(runId)}`
  if (error && !run)
    return (
      <Page title={title}>
        <ProblemNotice error={error} retry={() => void refetch()} />
      </Page>
    )
  if (!run)
    return (
      <Page title={title}>
        <LoadingRows rows={8} height={28} />
      </Page>
    )
  return (
    <Page
      title={title}
      state={<StateBadge state={run.state} of="run" />}
      hint={runLife[run.state].meaning}
      back={{ to: `/studies/${run.studyId}/results`, label: study?.title ?? 'Study' }}
      action={
        study && (
          <RunActs
            run={run}
            study={study}
            open={() => setChoose(() => () => Promise.resolve([runId]))}
            withdraw={() => setWithdrawing(runId)}
          />
        )
      }
    >
      {held && mine.length > 0 && study && (
        <Section title="Content">
          <OpenedResults study={study} opened={{ ...held, runs: mine }} />
        </Section>
      )}
      <Section title="How it stands">
        <RunFacts run={run} />
      </Section>
      <OpenDialog studyId={run.studyId} choose={choose} onClose={() => setChoose(undefined)} />
      <WithdrawRun runId={withdrawing} onClose={() => setWithdrawing(undefined)} />
    </Page>
  )
}

/** What may be done with a run: by my rights on its study, and by whether there is anything of it. */
function RunActs({ run, study, open, withdraw }: { run: Run; study: Study; open: () => void; withdraw: () => void }) {
  const may = useMay()
  return (
    <>
      {may('runs.withdraw', study) && runLife[run.state].hasData && (
        <Button variant="default" onClick={withdraw}>
          Withdraw …
        </Button>
      )}
      {may('runs.open', study) && mayOpenRun(run) && <Button onClick={open}>Open …</Button>}
    </>
  )
}
