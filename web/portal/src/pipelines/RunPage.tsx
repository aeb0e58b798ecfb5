import { Alert, Button, Group, Progress, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useCallback, useState } from 'react'
import { isOver } from '../../../../domain/pipelines/life.ts'
import { type Acting, useAct } from '../hooks.ts'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { PageTabs } from '../parts/PageTabs.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { Artifacts } from './Artifacts.tsx'
import { type Run, runQuery } from './data.ts'
import type { LogBuffer, Sample } from './log/log-buffer.ts'
import { RunAgain } from './RunAgain.tsx'
import { RunSetUp } from './RunSetUp.tsx'
import { Usage } from './log/Usage.tsx'
import { elapsed, figure, runName } from './words.ts'
import styles from './RunPage.module.css'

const LogView = lazy(async () => ({ default: (await import('./log/LogView.tsx')).LogView }))
const waitingWords = {
  turn: 'It starts as soon as there is a place for it.',
  approval: 'A custodian has to approve it.',
  checkers: 'Output checkers look at what it made.',
  answer: 'The checkers have a question.',
} as const

/** One run: how it stands, its log as it is written, what it left, what it was made of. */
export function RunPage() {
  const { jobId } = useParams({ strict: false }) as { jobId: string }
  const { data, error, refetch } = useQuery(runQuery(jobId))
  if (!data)
    return (
      <Page title="Run" back={{ to: '/pipelines?view=runs', label: 'Pipelines' }}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  return <Loaded key={jobId} run={data} />
}

/** What the log says of the run beside its lines. */
interface Heard {
  samples: readonly Sample[]
  progress: [number, number] | undefined
  step: string | undefined
}
function useHeard(): [Heard, (buffer: LogBuffer) => void] {
  const [heard, setHeard] = useState<Heard>({ samples: [], progress: undefined, step: undefined })
  const hear = useCallback(
    (buffer: LogBuffer) => setHeard({ samples: buffer.samples.slice(), progress: buffer.progress, step: buffer.step }),
    [],
  )
  return [heard, hear]
}

interface RunTab {
  name: string
  label: string
  part: () => ReactNode
}
/** The first one is open until another is chosen; results are, once there are some. */
function useTabs(
  run: Run,
  hear: (buffer: LogBuffer) => void,
): { tabs: RunTab[]; open: RunTab; choose: (name: string) => void } {
  const [chosen, choose] = useAddress('tab')
  const log: RunTab = {
    name: 'log',
    label: 'Log',
    part: () => (
      <Suspense fallback={<LoadingRows />}>
        <LogView run={run} heard={hear} />
      </Suspense>
    ),
  }
  const results: RunTab = {
    name: 'results',
    label: run.artifacts > 0 ? `Results (${run.artifacts})` : 'Results',
    part: () => <Artifacts run={run} />,
  }
  const setUp: RunTab = { name: 'set-up', label: 'Set-up', part: () => <RunSetUp run={run} /> }
  const tabs = run.may.includes('log') ? [log, results, setUp] : [results, setUp]
  const first = run.state === 'succeeded' && run.artifacts > 0 ? results : tabs[0]!
  return { tabs, open: tabs.find(({ name }) => name === chosen) ?? first, choose }
}

function Loaded({ run }: { run: Run }) {
  const acting = useAct()
  const [editing, setEditing] = useState(false)
  const [heard, hear] = useHeard()
  const { tabs, open, choose } = useTabs(run, hear)
  return (
    <Page
      title={runName(run)}
      wide
      state={<StateBadge of="pipeline-run" state={run.state} />}
      back={{ to: `/experiments/${run.experimentId}`, label: run.experiment }}
      hint={
        <>
          {run.pipeline}, version {run.version} · {run.owner.name}, <RelativeTime at={run.created} />
          {run.seconds === undefined ? '' : ` · took ${elapsed(run.seconds)}`}
          {run.used ? ` · ${elapsed(run.used.cpuSeconds)} of processor, at most ${run.used.peakMemoryMb} MB` : ''}
        </>
      }
      action={<RunActs run={run} acting={acting} edit={() => setEditing(true)} />}
    >
      <ProblemNotice error={acting.error} />
      {run.problem && (
        <Alert color={run.state === 'cancelled' ? 'gray' : 'red'} variant="outline" mb="md" title={run.problem.message}>
          {run.problem.todo}
        </Alert>
      )}
      <Waiting run={run} />
      {run.state === 'running' && <RunProgress step={heard.step ?? run.steps.at(-1)?.name} progress={heard.progress} />}
      {run.metrics.length > 0 && (
        <dl className={`${styles.metrics} figures`}>
          {run.metrics.map((metric) => (
            <div key={metric.name}>
              <dt>{metric.name}</dt>
              <dd>{figure(metric.value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <PageTabs tabs={tabs} open={open.name} choose={choose} gap="md">
        {open.part()}
      </PageTabs>
      {open.name === 'log' && <Usage samples={heard.samples} memoryMb={run.resources.memoryMb} />}
      {editing && <RunAgain run={run} close={() => setEditing(false)} />}
    </Page>
  )
}

function RunActs({ run, acting: { busy, act }, edit }: { run: Run; acting: Acting; edit: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { jobId } = run
  const over = isOver(run.state)
  const cancel = () =>
    act('cancel', async () =>
      client.setQueryData(['pipeline-run', jobId], await api.pipelines.cancel({ params: { jobId } })),
    )
  const again = () =>
    act('again', async () => {
      const begun = await api.pipelines.again({
        params: { jobId },
        body: {},
        headers: { 'idempotency-key': crypto.randomUUID() },
      })
      void navigate({ to: `/pipeline-runs/${begun.jobId}` })
    })
  return (
    <>
      {run.may.includes('cancel') && !over && (
        <Button variant="default" loading={busy === 'cancel'} onClick={() => void cancel()}>
          Stop
        </Button>
      )}
      {run.may.includes('again') && (
        <>
          <Button variant="default" onClick={edit}>
            Run again with edits
          </Button>
          {over && (
            <Button
              variant={run.state === 'succeeded' ? 'default' : 'filled'}
              loading={busy === 'again'}
              onClick={() => void again()}
            >
              Run again
            </Button>
          )}
        </>
      )}
    </>
  )
}

/** What it waits for: its place in the queue where that is known. */
function Waiting({ run: { state, queue, waiting } }: { run: Run }) {
  if (state !== 'queued' && !waiting) return null
  return (
    <Text role="status" mb="md">
      {state === 'queued' && queue
        ? `Place ${queue.position} of ${queue.waiting} in the queue; ${queue.running} of ${queue.slots} at work. You have ${queue.mine} of at most ${queue.perOwner} at once.`
        : waitingWords[waiting ?? 'turn']}
    </Text>
  )
}

const RunProgress = ({ step, progress }: { step: string | undefined; progress: Heard['progress'] }) => (
  <div className={styles.progress} role="status">
    <Group justify="space-between" mb={4}>
      <Text size="sm" fw={500}>
        {step ?? 'At work'}
      </Text>
      {progress && (
        <Text size="sm" c="dimmed" className="figures">
          {progress[0].toLocaleString('en')} of {progress[1].toLocaleString('en')}
        </Text>
      )}
    </Group>
    <Progress
      value={progress ? (100 * progress[0]) / progress[1] : 100}
      animated={!progress}
      striped={!progress}
      aria-label="Progress"
    />
  </div>
)
