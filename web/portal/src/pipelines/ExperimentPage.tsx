import { ActionIcon, Alert, Anchor, Button, Group, Menu, NumberInput, Switch, Tabs, Text } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useMemo, useRef, useState } from 'react'
import { useDraft } from '../hooks.ts'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { type Experiment, experimentQuery, runsOfQuery, schemaOf } from './data.ts'
import { Input } from './Inputs.tsx'
import { ParameterForm, valueFaultsOf, type Values } from './ParameterForm.tsx'
import { RunsTable } from './RunsTable.tsx'
import { Sweep } from './Sweep.tsx'

const back = { to: '/pipelines', label: 'Pipelines' }

/** One experiment: its set-up, and every run of it. */
export function ExperimentPage() {
  const { experimentId } = useParams({ strict: false }) as { experimentId: string }
  const { data, error, refetch } = useQuery(experimentQuery(experimentId))
  if (!data)
    return (
      <Page title="Experiment" back={back}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  return <Loaded key={experimentId} e={data} />
}

function Loaded({ e }: { e: Experiment }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { experimentId } = e
  const { data: runs } = useQuery(runsOfQuery(experimentId))
  const [tab, setTab] = useAddress('tab')
  const [draft, setDraft] = useDraft<Values>(`experiment.${experimentId}`)
  const values = draft ?? e.parameters
  const schema = schemaOf(e.definition)
  const faults = useMemo(() => valueFaultsOf(schema, values), [schema, values])
  const [busy, setBusy] = useState('')
  const [error, setError] = useState<unknown>()
  const [sweeping, setSweeping] = useState(false)
  const key = useRef<{ of: string; key: string }>(undefined)
  const took = (next: Experiment) => {
    client.setQueryData(['experiment', experimentId], next)
    void client.invalidateQueries({ queryKey: ['experiments'] })
  }
  const act = async (name: string, run: () => Promise<unknown>) => {
    setBusy(name)
    setError(undefined)
    try {
      await run()
    } catch (x) {
      setError(x)
    } finally {
      setBusy('')
    }
  }
  const change = (body: Omit<Parameters<typeof api.pipelines.changeExperiment>[0]['body'], 'rev'>) =>
    api.pipelines.changeExperiment({ params: { experimentId }, body: { rev: e.rev, ...body } }).then((n) => {
      took(n)
      return n
    })
  const save = () => change({ parameters: values as never }).then(() => setDraft(undefined))
  const start = () =>
    act('start', async () => {
      if (draft) await save()
      // A lost answer is asked for again under the same key, and starts nothing twice.
      const of = JSON.stringify([values, runs?.length])
      if (key.current?.of !== of) key.current = { of, key: crypto.randomUUID() }
      const r = await api.pipelines.start({
        params: { experimentId },
        body: {},
        headers: { 'idempotency-key': key.current.key },
      })
      void client.invalidateQueries({ queryKey: ['pipeline-runs'] })
      void navigate({ to: `/pipeline-runs/${r.jobId}` })
    })
  const missing = e.definition.inputs.filter((i) => i.required && !e.inputs.some((x) => x.name === i.name))
  const can = e.may.includes('edit'),
    may = e.may.includes('run')
  const ready = missing.length === 0 && faults.size === 0
  const why =
    missing.length > 0
      ? `${missing[0]!.title ?? missing[0]!.name} is missing`
      : faults.size > 0
        ? 'A parameter has something wrong'
        : ''
  const open = tab === 'runs' || tab === 'setup' ? tab : runs && runs.length > 0 ? 'runs' : 'setup'
  const other = e.faults.filter((f) => !f.path.startsWith('/inputs') && !f.path.startsWith('/parameters'))
  return (
    <Page
      title={e.title}
      back={back}
      wide
      hint={
        <>
          <Anchor component={Link} to={`/pipelines/${e.pipelineId}`} inherit underline="always">
            {e.pipeline}
          </Anchor>
          , version {e.version} · {e.owner.name}
          {e.shared ? ' · shared' : ''}
          {e.description && <> · {e.description}</>}
        </>
      }
      action={
        <>
          {may && (
            <Button variant="default" disabled={!ready} onClick={() => setSweeping(true)}>
              Sweep
            </Button>
          )}
          {may && (
            <Button loading={busy === 'start'} disabled={!ready} onClick={() => void start()}>
              Start a run
            </Button>
          )}
          {can && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label="More acts">
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                {e.newestVersion > e.version && (
                  <Menu.Item onClick={() => void act('version', () => change({ version: e.newestVersion }))}>
                    Go on to version {e.newestVersion}
                  </Menu.Item>
                )}
                <Menu.Item onClick={() => void act('archive', () => change({ archived: !e.archived }))}>
                  {e.archived ? 'Take out again' : 'Put away'}
                </Menu.Item>
                {e.runs === 0 && (
                  <Menu.Item
                    onClick={() =>
                      void act('delete', async () => {
                        await api.pipelines.deleteExperiment({ params: { experimentId } })
                        void client.invalidateQueries({ queryKey: ['experiments'] })
                        void navigate({ to: '/pipelines' })
                      })
                    }
                  >
                    Remove
                  </Menu.Item>
                )}
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      }
    >
      <ProblemNotice error={error} />
      {may && !ready && (
        <Text size="sm" role="status" mb="md">
          Before it can run: {why[0]!.toLowerCase()}
          {why.slice(1)}.
        </Text>
      )}
      {e.newestVersion > e.version && can && (
        <Alert color="blue" variant="outline" mb="md">
          Version {e.newestVersion} of the pipeline is there; this experiment keeps version {e.version} until you change
          it.{' '}
          <Button
            size="compact-xs"
            variant="default"
            ml="xs"
            onClick={() => void act('version', () => change({ version: e.newestVersion }))}
          >
            Use version {e.newestVersion}
          </Button>
        </Alert>
      )}
      {other.length > 0 && (
        <Alert color="red" variant="outline" mb="md" title="It cannot run as it is">
          {other.map((f) => (
            <Text key={f.path} size="sm">
              {f.message}
            </Text>
          ))}
        </Alert>
      )}
      <Tabs value={open} onChange={(t) => setTab(t ?? '')} keepMounted={false}>
        <Tabs.List className="tabs">
          <Tabs.Tab value="setup">Set-up</Tabs.Tab>
          <Tabs.Tab value="runs">Runs{runs && runs.length > 0 ? ` (${runs.length})` : ''}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="setup" pt="lg">
          {e.definition.inputs.length > 0 && (
            <Section title="Inputs">
              <div className="inputs">
                {e.definition.inputs.map((i) => (
                  <Input
                    key={i.name}
                    experiment={e}
                    input={i}
                    took={took}
                    propose={(p) => setDraft({ ...values, ...p })}
                  />
                ))}
              </div>
            </Section>
          )}
          <Section
            title="Parameters"
            action={
              can &&
              draft && (
                <Group gap="xs">
                  <Button size="compact-sm" variant="subtle" onClick={() => setDraft(undefined)}>
                    Undo
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="default"
                    disabled={faults.size > 0}
                    loading={busy === 'save'}
                    onClick={() => void act('save', save)}
                  >
                    Save
                  </Button>
                </Group>
              )
            }
          >
            <ParameterForm schema={schema} values={values} change={setDraft} faults={faults} disabled={!can} />
          </Section>
          <Section title="Limits" hint="In place of the pipeline’s own.">
            <div className="fields">
              {(
                [
                  ['cpus', 'Processors'],
                  ['memoryMb', 'Memory (MB)'],
                  ['seconds', 'Time (s)'],
                  ['gpus', 'GPUs'],
                ] as const
              )
                .filter(([k]) => k !== 'gpus' || e.definition.resources.gpus > 0)
                .map(([k, label]) => (
                  <NumberInput
                    key={`${k} ${e.resources[k]}`}
                    label={label}
                    placeholder={String(e.definition.resources[k])}
                    defaultValue={e.resources[k] ?? ''}
                    hideControls
                    disabled={!can}
                    onBlur={(x) => {
                      const v = x.currentTarget.value.replaceAll(',', '')
                      const { [k]: _, ...rest } = e.resources
                      const next = v === '' ? rest : { ...rest, [k]: Number(v) }
                      if (JSON.stringify(next) !== JSON.stringify(e.resources))
                        void act('limits', () => change({ resources: next }))
                    }}
                  />
                ))}
            </div>
            {can && (
              <Switch
                mt="md"
                label="Shared with the organisation"
                description="Others see the experiment, its runs and their logs; only you change or start it."
                checked={e.shared}
                onChange={(x) => void act('share', () => change({ shared: x.currentTarget.checked }))}
              />
            )}
          </Section>
        </Tabs.Panel>
        <Tabs.Panel value="runs" pt="lg">
          {!runs ? (
            <LoadingRows />
          ) : runs.length === 0 ? (
            <Text c="dimmed">Nothing was run yet.</Text>
          ) : (
            <RunsTable runs={runs.toSorted((a, b) => b.number - a.number)} />
          )}
        </Tabs.Panel>
      </Tabs>
      <Sweep
        experiment={e}
        parameters={values}
        opened={sweeping}
        close={() => setSweeping(false)}
        done={() => {
          setSweeping(false)
          setTab('runs')
          void client.invalidateQueries({ queryKey: ['pipeline-runs'] })
        }}
      />
    </Page>
  )
}
