import {
  Alert,
  Anchor,
  Button,
  Group,
  Modal,
  NumberInput,
  Progress,
  Stack,
  Table,
  Tabs,
  Text,
  TextInput,
} from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useMemo, useState, type ReactNode } from 'react'
import { isOver } from '../../../../domain/pipelines/life.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { bytes, count } from '../parts/figures.ts'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { api } from '../session/session.ts'
import { Artifacts } from './Artifacts.tsx'
import { pipelineQuery, type Run, runQuery, schemaOf } from './data.ts'
import type { LogBuffer, Sample } from './log-buffer.ts'
import { ParameterForm, valueFaultsOf, type Values } from './ParameterForm.tsx'
import { Usage } from './Usage.tsx'
import { elapsed, figure, runName, valueText } from './words.ts'

const LogView = lazy(async () => ({ default: (await import('./LogView.tsx')).LogView }))
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

interface Heard {
  samples: readonly Sample[]
  progress: [number, number] | undefined
  step: string | undefined
}

function Loaded({ run }: { run: Run }) {
  const client = useQueryClient()
  const [tab, setTab] = useAddress('tab')
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState('')
  const [editing, setEditing] = useState(false)
  const [heard, setHeard] = useState<Heard>({ samples: [], progress: undefined, step: undefined })
  const hear = useCallback(
    (b: LogBuffer) => setHeard({ samples: b.samples.slice(), progress: b.progress, step: b.step }),
    [],
  )
  const navigate = useNavigate()
  const over = isOver(run.state)
  const act = async (name: string, run: () => Promise<unknown>) => {
    setBusy(name)
    setError(undefined)
    try {
      await run()
    } catch (e) {
      setError(e)
    } finally {
      setBusy('')
    }
  }
  const cancel = () =>
    act('cancel', async () =>
      client.setQueryData(['pipeline-run', run.jobId], await api.pipelines.cancel({ params: { jobId: run.jobId } })),
    )
  const again = () =>
    act(
      'again',
      async () =>
        void navigate({
          to: `/pipeline-runs/${(await api.pipelines.again({ params: { jobId: run.jobId }, body: {}, headers: { 'idempotency-key': crypto.randomUUID() } })).jobId}`,
        }),
    )
  const log = run.may.includes('log')
  const tabs: [name: string, label: string, shown: boolean, part: () => ReactNode][] = [
    [
      'log',
      'Log',
      log,
      () => (
        <Suspense fallback={<LoadingRows />}>
          <LogView run={run} heard={hear} />
        </Suspense>
      ),
    ],
    ['results', run.artifacts > 0 ? `Results (${run.artifacts})` : 'Results', true, () => <Artifacts run={run} />],
    ['set-up', 'Set-up', true, () => <SetUp run={run} />],
  ]
  const shown = tabs.filter(([, , s]) => s)
  const open =
    shown.find(([name]) => name === tab) ??
    (over && run.state === 'succeeded' && run.artifacts > 0 ? shown.find(([n]) => n === 'results')! : shown[0]!)
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
      action={
        <>
          {run.may.includes('cancel') && !over && (
            <Button variant="default" loading={busy === 'cancel'} onClick={() => void cancel()}>
              Stop
            </Button>
          )}
          {run.may.includes('again') && (
            <>
              <Button variant="default" onClick={() => setEditing(true)}>
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
      }
    >
      <ProblemNotice error={error} />
      {run.problem && (
        <Alert color={run.state === 'cancelled' ? 'gray' : 'red'} variant="outline" mb="md" title={run.problem.message}>
          {run.problem.todo}
        </Alert>
      )}
      {run.state === 'queued' && (
        <Text role="status" mb="md">
          {run.queue
            ? `Place ${run.queue.position} of ${run.queue.waiting} in the queue; ${run.queue.running} of ${run.queue.slots} at work. You have ${run.queue.mine} of at most ${run.queue.perOwner} at once.`
            : waitingWords[run.waiting ?? 'turn']}
        </Text>
      )}
      {run.waiting && run.state !== 'queued' && (
        <Text role="status" mb="md">
          {waitingWords[run.waiting]}
        </Text>
      )}
      {run.state === 'running' && (
        <div className="progress" role="status">
          <Group justify="space-between" mb={4}>
            <Text size="sm" fw={500}>
              {heard.step ?? run.steps.at(-1)?.name ?? 'At work'}
            </Text>
            {heard.progress && (
              <Text size="sm" c="dimmed" className="figures">
                {heard.progress[0].toLocaleString('en')} of {heard.progress[1].toLocaleString('en')}
              </Text>
            )}
          </Group>
          <Progress
            value={heard.progress ? (100 * heard.progress[0]) / heard.progress[1] : 100}
            animated={!heard.progress}
            striped={!heard.progress}
            aria-label="Progress"
          />
        </div>
      )}
      {run.metrics.length > 0 && (
        <dl className="metrics figures">
          {run.metrics.map((m) => (
            <div key={m.name}>
              <dt>{m.name}</dt>
              <dd>{figure(m.value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <Tabs value={open[0]} onChange={(t) => setTab(t ?? '')} keepMounted={false}>
        <Tabs.List className="tabs">
          {shown.map(([name, label]) => (
            <Tabs.Tab key={name} value={name}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={open[0]} pt="md">
          {open[3]()}
        </Tabs.Panel>
      </Tabs>
      {open[0] === 'log' && <Usage samples={heard.samples} memoryMb={run.resources.memoryMb} />}
      {editing && <Again run={run} close={() => setEditing(false)} />}
    </Page>
  )
}

function SetUp({ run }: { run: Run }) {
  const { data: pipeline } = useQuery(pipelineQuery(run.pipelineId))
  const schema = pipeline ? schemaOf(pipeline.definition) : undefined
  return (
    <div className="two">
      <div>
        <Table className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Parameter</Table.Th>
              <Table.Th>Value</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {Object.entries(run.parameters).map(([name, v]) => {
              const p = schema?.properties[name]
              return (
                <Table.Tr key={name}>
                  <Table.Td>
                    <code>{name}</code>
                    {p?.title && (
                      <Text size="xs" c="dimmed">
                        {p.title}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td className="figures">
                    {valueText(v)}
                    {p?.unit ? (
                      <Text span size="sm" c="dimmed">
                        {' '}
                        {p.unit}
                      </Text>
                    ) : null}
                  </Table.Td>
                </Table.Tr>
              )
            })}
          </Table.Tbody>
        </Table>
      </div>
      <section className="card" aria-label="What it was made of">
        <dl className="terms wide">
          <div>
            <dt>Pipeline</dt>
            <dd>
              <Anchor component={Link} to={`/pipelines/${run.pipelineId}`} inherit underline="always">
                {run.pipeline}
              </Anchor>
              , version {run.version}
            </dd>
          </div>
          {run.inputs.map((i) => (
            <div key={i.name}>
              <dt>{i.name}</dt>
              <dd>
                {count(i.files, 'file')}, {bytes(i.bytes)}{' '}
                <CopyId value={i.hash} show={`${i.hash.slice(0, 12)}…`} label={`hash of ${i.name}`} />
              </dd>
            </div>
          ))}
          <div>
            <dt>Limits</dt>
            <dd>
              {count(run.resources.cpus, 'processor')}, {run.resources.memoryMb} MB, {elapsed(run.resources.seconds)}
            </dd>
          </div>
          {run.exitCode !== undefined && (
            <div>
              <dt>Exit code</dt>
              <dd>{run.exitCode}</dd>
            </div>
          )}
          {run.signal && (
            <div>
              <dt>Signal</dt>
              <dd>{run.signal}</dd>
            </div>
          )}
          {run.image && (
            <div>
              <dt>Ran on</dt>
              <dd>
                {run.image}
                {run.confinement ? `, in ${run.confinement}` : ''}
              </dd>
            </div>
          )}
          <div>
            <dt>Code</dt>
            <dd>
              <CopyId value={run.codeHash} show={`${run.codeHash.slice(0, 12)}…`} label="hash of the code" />
            </dd>
          </div>
          <div>
            <dt>All of it</dt>
            <dd>
              <CopyId value={run.hash} show={`${run.hash.slice(0, 12)}…`} label="hash of code, inputs and parameters" />
              <Text size="xs" c="dimmed">
                Equal runs have equal hashes.
              </Text>
            </dd>
          </div>
          {run.steps.length > 0 && (
            <div>
              <dt>Steps</dt>
              <dd>
                {run.steps.map((s) => (
                  <div key={`${s.name} ${s.at}`}>
                    {s.name}{' '}
                    <Text span size="xs" c="dimmed">
                      {new Date(s.at).toLocaleTimeString('en-GB')}
                    </Text>
                  </div>
                ))}
              </dd>
            </div>
          )}
        </dl>
      </section>
    </div>
  )
}

/** The same version, inputs and parameters, with something else. */
function Again({ run, close }: { run: Run; close: () => void }) {
  const navigate = useNavigate()
  const { data: pipeline, error: unread } = useQuery(pipelineQuery(run.pipelineId))
  const { data: version } = useQuery({
    queryKey: ['pipeline-version', run.pipelineId, run.version],
    queryFn: () => api.pipelines.version({ params: { pipelineId: run.pipelineId, version: run.version } }),
    staleTime: Infinity,
  })
  const [edits, setEdits] = useState<Values>({})
  const [title, setTitle] = useState('')
  const [resources, setResources] = useState<{ memoryMb?: number; seconds?: number }>({})
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const schema = version ? schemaOf(version.definition) : pipeline ? schemaOf(pipeline.definition) : undefined
  const faults = useMemo(
    () => (schema ? valueFaultsOf(schema, { ...run.parameters, ...edits }) : new Map<string, string>()),
    [schema, run.parameters, edits],
  )
  const start = async () => {
    setBusy(true)
    setError(undefined)
    try {
      void navigate({
        to: `/pipeline-runs/${(await api.pipelines.again({ params: { jobId: run.jobId }, body: { parameters: edits as never, ...(title.trim() ? { title: title.trim() } : {}), ...(Object.keys(resources).length > 0 ? { resources } : {}) }, headers: { 'idempotency-key': crypto.randomUUID() } })).jobId}`,
      })
      close()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  const limit = (key: 'memoryMb' | 'seconds', label: string) => (
    <NumberInput
      label={label}
      placeholder={String(run.resources[key])}
      value={resources[key] ?? ''}
      onChange={(v) => {
        const { [key]: _, ...rest } = resources
        setResources(v === '' ? rest : { ...rest, [key]: Number(v) })
      }}
      hideControls
    />
  )
  return (
    <Modal opened onClose={close} title="Run again with edits" size="xl">
      <ProblemNotice error={unread} />
      {!schema ? (
        <LoadingRows />
      ) : (
        <Stack gap="sm">
          <ParameterForm schema={schema} values={edits} base={run.parameters} change={setEdits} faults={faults} />
          <div className="fields">
            <TextInput
              label="Title of the run"
              placeholder={run.title}
              value={title}
              onChange={(e) => setTitle(e.currentTarget.value)}
              maxLength={120}
            />
            {limit('memoryMb', 'Memory (MB)')}
            {limit('seconds', 'Time (s)')}
          </div>
          <ProblemNotice error={error} title="It was not started" />
          <Group justify="flex-end" className="foot">
            <Button variant="default" onClick={close}>
              Close
            </Button>
            <Button loading={busy} disabled={faults.size > 0} onClick={() => void start()}>
              Start the run
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}
