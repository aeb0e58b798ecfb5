import { Button, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { runLife } from '../../../../domain/runs/life.ts'
import { useMay } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { bytes, duration } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { studyQuery } from '../queries/studies.ts'
import { mayOpenRun, runQuery } from './data.ts'
import { OpenDialog } from './OpenDialog.tsx'
import { useOpened } from './opened.ts'
import { OpenedResults } from './opened/OpenedResults.tsx'
import { Arrived } from './RunsTable.tsx'
import { shortRun, WithdrawRun } from './Withdraw.tsx'

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <Table.Tr>
    <Table.Th scope="row" w={{ base: 130, sm: 170 }}>
      {name}
    </Table.Th>
    <Table.Td>{children}</Table.Td>
  </Table.Tr>
)

/** One run, counted exactly: how it stands, what arrived, and its content once opened. */
export function SingleRun({ runId }: { runId: string }) {
  const may = useMay()
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
  const mayOpen = study !== undefined && may('runs.open', study) && mayOpenRun(run)
  const mayWithdraw = study !== undefined && may('runs.withdraw', study) && runLife[run.state].hasData
  return (
    <Page
      title={title}
      state={<StateBadge state={run.state} of="run" />}
      hint={runLife[run.state].meaning}
      back={{ to: `/studies/${run.studyId}/results`, label: study?.title ?? 'Study' }}
      action={
        <>
          {mayWithdraw && (
            <Button variant="default" onClick={() => setWithdrawing(runId)}>
              Withdraw …
            </Button>
          )}
          {mayOpen && <Button onClick={() => setChoose(() => () => Promise.resolve([runId]))}>Open …</Button>}
        </>
      }
    >
      {held && mine.length > 0 && study && (
        <Section title="Content">
          <OpenedResults study={study} opened={{ ...held, runs: mine }} />
        </Section>
      )}
      <Section title="How it stands">
        <Table className="figures" layout="fixed" withRowBorders={false} verticalSpacing={4}>
          <Table.Tbody>
            <Fact name="Run id">
              <CopyId value={run.runId} label="run id" />
            </Fact>
            {run.pseudonym && (
              <Fact name="Pseudonym">
                <CopyId value={run.pseudonym} label="pseudonym" />
              </Fact>
            )}
            <Fact name="Condition">{run.condition || 'The study has none'}</Fact>
            <Fact name="Version">{run.version}</Fact>
            <Fact name="Link">
              {run.linkLabel || 'Without a name'}
              {run.preview ? ', preview: never counts' : ''}
            </Fact>
            <Fact name="Started">
              <RelativeTime at={run.started} />
            </Fact>
            <Fact name={run.ended ? 'Ended' : 'Last heard'}>
              <RelativeTime at={run.ended ?? run.last} />
            </Fact>
            <Fact name="Took">{duration(run.seconds)}</Fact>
            <Fact name="Trials finished">{run.position}</Fact>
            <Fact name="Records arrived">
              <Arrived run={run} />
            </Fact>
            <Fact name="Stored, sealed">{bytes(run.bytes)}</Fact>
            {run.conflicts > 0 && (
              <Fact name="Refused">
                {run.conflicts} records came a second time with other content; the first ones were kept.
              </Fact>
            )}
          </Table.Tbody>
        </Table>
      </Section>
      <OpenDialog studyId={run.studyId} choose={choose} onClose={() => setChoose(undefined)} />
      <WithdrawRun runId={withdrawing} onClose={() => setWithdrawing(undefined)} />
    </Page>
  )
}
