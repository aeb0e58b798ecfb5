import { ActionIcon, Alert, Anchor, Button, Menu, Text } from '@mantine/core'
import { IconDots } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { PageTabs } from '../parts/PageTabs.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import { type Experiment, experimentQuery, type Run, runsOfQuery } from './data.ts'
import { ExperimentSetUp } from './ExperimentSetUp.tsx'
import { RunsTable } from './RunsTable.tsx'
import { Sweep } from './Sweep.tsx'
import { type ExperimentActs, useExperiment } from './useExperiment.ts'

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
  return <Loaded key={experimentId} experiment={data} />
}

function openTab(chosen: string, runs: readonly Run[] | undefined): string {
  if (chosen === 'runs' || chosen === 'setup') return chosen
  return runs && runs.length > 0 ? 'runs' : 'setup'
}

function Loaded({ experiment }: { experiment: Experiment }) {
  const client = useQueryClient()
  const { data: runs } = useQuery(runsOfQuery(experiment.experimentId))
  const acts = useExperiment(experiment, runs?.length)
  const [chosen, setTab] = useAddress('tab')
  const [sweeping, setSweeping] = useState(false)
  const open = openTab(chosen, runs)
  const mayRun = experiment.may.includes('run')
  const mayEdit = experiment.may.includes('edit')
  const other = experiment.faults.filter(({ path }) => !path.startsWith('/inputs') && !path.startsWith('/parameters'))
  const lacks = acts.lacks
  return (
    <Page
      title={experiment.title}
      back={back}
      wide
      hint={
        <>
          <Anchor component={Link} to={`/pipelines/${experiment.pipelineId}`} inherit underline="always">
            {experiment.pipeline}
          </Anchor>
          , version {experiment.version} · {experiment.owner.name}
          {experiment.shared ? ' · shared' : ''}
          {experiment.description && <> · {experiment.description}</>}
        </>
      }
      action={
        <>
          {mayRun && (
            <Button variant="default" disabled={lacks !== undefined} onClick={() => setSweeping(true)}>
              Sweep
            </Button>
          )}
          {mayRun && (
            <Button loading={acts.busy === 'start'} disabled={lacks !== undefined} onClick={acts.start}>
              Start a run
            </Button>
          )}
          {mayEdit && <MoreActs experiment={experiment} acts={acts} />}
        </>
      }
    >
      <ProblemNotice error={acts.error} />
      {mayRun && lacks && (
        <Text size="sm" role="status" mb="md">
          Before it can run: {lacks[0]!.toLowerCase()}
          {lacks.slice(1)}.
        </Text>
      )}
      {mayEdit && experiment.newestVersion > experiment.version && <NewerVersion experiment={experiment} acts={acts} />}
      {other.length > 0 && (
        <Alert color="red" variant="outline" mb="md" title="It cannot run as it is">
          {other.map((fault) => (
            <Text key={fault.path} size="sm">
              {fault.message}
            </Text>
          ))}
        </Alert>
      )}
      <PageTabs
        tabs={[
          { name: 'setup', label: 'Set-up' },
          { name: 'runs', label: runs && runs.length > 0 ? `Runs (${runs.length})` : 'Runs' },
        ]}
        open={open}
        choose={setTab}
      >
        {open === 'setup' ? (
          <ExperimentSetUp experiment={experiment} acts={acts} mayEdit={mayEdit} />
        ) : (
          <Runs runs={runs} />
        )}
      </PageTabs>
      <Sweep
        experiment={experiment}
        parameters={acts.values}
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

function Runs({ runs }: { runs: readonly Run[] | undefined }) {
  if (!runs) return <LoadingRows />
  if (runs.length === 0) return <Text c="dimmed">Nothing was run yet.</Text>
  return <RunsTable runs={runs.toSorted((a, b) => b.number - a.number)} />
}

const NewerVersion = ({
  experiment: { version, newestVersion },
  acts,
}: {
  experiment: Experiment
  acts: ExperimentActs
}) => (
  <Alert color="blue" variant="outline" mb="md">
    Version {newestVersion} of the pipeline is there; this experiment keeps version {version} until you change it.{' '}
    <Button size="compact-xs" variant="default" ml="xs" onClick={() => acts.change({ version: newestVersion })}>
      Use version {newestVersion}
    </Button>
  </Alert>
)

function MoreActs({ experiment, acts }: { experiment: Experiment; acts: ExperimentActs }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { experimentId, version, newestVersion, archived, runs } = experiment
  const remove = () =>
    acts.act('delete', async () => {
      await api.pipelines.deleteExperiment({ params: { experimentId } })
      void client.invalidateQueries({ queryKey: ['experiments'] })
      void navigate({ to: '/pipelines' })
    })
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size={36} aria-label="More acts">
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {newestVersion > version && (
          <Menu.Item onClick={() => acts.change({ version: newestVersion })}>
            Go on to version {newestVersion}
          </Menu.Item>
        )}
        <Menu.Item onClick={() => acts.change({ archived: !archived })}>
          {archived ? 'Take out again' : 'Put away'}
        </Menu.Item>
        {runs === 0 && <Menu.Item onClick={() => void remove()}>Remove</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  )
}
