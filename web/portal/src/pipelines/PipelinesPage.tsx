import { Anchor, Button, SegmentedControl, Select, Table, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { runStates } from '../../../../domain/pipelines/life.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { ListControls, useAddress, useListState } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { type ExperimentRow, myRunsQuery, type Run, useExperiments, usePipelines } from './data.ts'
import { RunsTable } from './RunsTable.tsx'
import { runtimeName } from './words.ts'

const views = [
  { value: 'experiments', label: 'Experiments' },
  { value: 'runs', label: 'My runs' },
  { value: 'pipelines', label: 'Pipelines' },
]
const hit = (q: string, ...texts: string[]): boolean => {
  const all = texts.join(' ').toLowerCase()
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((w) => all.includes(w))
}

/** Long-running processing: what can be run, how it was set up, what was run. */
export function PipelinesPage() {
  const may = useMay()
  const [view, setView] = useAddress('view')
  const now = views.some((v) => v.value === view) ? view : 'experiments'
  const [list, set] = useListState('')
  return (
    <Page
      title="Pipelines"
      hint="Long processing, with logs and runs that are kept and compared."
      action={
        <>
          {may('pipelines.publish') && (
            <Button variant="default" component={Link} to="/pipelines/publish">
              Publish a pipeline
            </Button>
          )}
          {may('experiments.create') && (
            <Button component={Link} to="/pipelines/new" leftSection={<IconPlus size={16} aria-hidden />}>
              New experiment
            </Button>
          )}
        </>
      }
    >
      <SegmentedControl
        mb="md"
        aria-label="What to show"
        value={now}
        onChange={(v) => setView(v === 'experiments' ? '' : v)}
        data={views}
      />
      {now === 'runs' ? (
        <MyRuns list={list} set={set} />
      ) : (
        <>
          <ListControls
            list={list}
            set={set}
            placeholder={now === 'pipelines' ? 'Search pipelines' : 'Search experiments'}
          />
          {now === 'pipelines' ? <Pipelines q={list.q} /> : <Experiments q={list.q} />}
        </>
      )}
    </Page>
  )
}

function Experiments({ q }: { q: string }) {
  const here = useOrganisation()
  const may = useMay()
  const { data, error, refetch } = useExperiments(here?.organisationId)
  const [pipelineId, setPipeline] = useAddress('pipeline')
  const [sort, setSort] = useAddress('sort')
  const orders: Record<string, (a: ExperimentRow, b: ExperimentRow) => number> = {
    '': (a, b) => (b.last?.created ?? b.created).localeCompare(a.last?.created ?? a.created),
    title: (a, b) => a.title.localeCompare(b.title),
    runs: (a, b) => b.runs - a.runs,
  }
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows height={52} />
  if (data.length === 0)
    return (
      <Empty
        title="No experiments yet"
        action={
          may('experiments.create') && (
            <Button mt="xs" component={Link} to="/pipelines/new">
              Set up the first experiment
            </Button>
          )
        }
      >
        An experiment is your own set-up of a pipeline: a name, its inputs and its parameters. Each run of it is kept
        with everything it was made of: parameters, code, inputs, log, results.
      </Empty>
    )
  const kinds = [...new Map(data.map((e) => [e.pipelineId, e.pipeline]))].map(([value, label]) => ({ value, label }))
  const shown = data
    .filter(
      (e) => (!pipelineId || e.pipelineId === pipelineId) && hit(q, e.title, e.description, e.pipeline, e.owner.name),
    )
    .toSorted(orders[sort] ?? orders['']!)
  return (
    <>
      <div className="controls-row">
        <Select
          aria-label="Filter by pipeline"
          data={[{ value: '', label: 'Every pipeline' }, ...kinds]}
          value={pipelineId}
          onChange={(v) => setPipeline(v ?? '')}
          allowDeselect={false}
          w={200}
        />
        <Select
          aria-label="Order"
          data={[
            { value: '', label: 'Last run' },
            { value: 'title', label: 'Title' },
            { value: 'runs', label: 'Most runs' },
          ]}
          value={sort}
          onChange={(v) => setSort(v ?? '')}
          allowDeselect={false}
          w={150}
        />
      </div>
      {shown.length === 0 ? (
        <Text c="dimmed">No experiment has these words.</Text>
      ) : (
        <Table highlightOnHover className="rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Title</Table.Th>
              <Table.Th visibleFrom="sm">Pipeline</Table.Th>
              <Table.Th ta="right">Runs</Table.Th>
              <Table.Th>Last run</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((e) => (
              <Table.Tr key={e.experimentId}>
                <Table.Td>
                  <Anchor component={Link} to={`/experiments/${e.experimentId}`} fw={500}>
                    {e.title}
                  </Anchor>
                  <Text size="sm" c="dimmed" lineClamp={1}>
                    {e.owner.name}
                    {e.shared ? ' · shared' : ''}
                    {e.description && ` · ${e.description}`}
                  </Text>
                </Table.Td>
                <Table.Td visibleFrom="sm">
                  <Text size="sm">
                    {e.pipeline}, version {e.version}
                  </Text>
                </Table.Td>
                <Table.Td ta="right" className="figures">
                  {e.runs}
                </Table.Td>
                <Table.Td>
                  {e.last ? (
                    <>
                      <StateBadge of="pipeline-run" state={e.last.state} />
                      <Text size="xs" c="dimmed">
                        <RelativeTime at={e.last.created} />
                      </Text>
                    </>
                  ) : (
                    <Text size="sm" c="dimmed">
                      none
                    </Text>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </>
  )
}

const runOrders: Record<string, (a: Run, b: Run) => number> = {
  newest: (a, b) => b.created.localeCompare(a.created),
  longest: (a, b) => (b.seconds ?? 0) - (a.seconds ?? 0),
  state: (a, b) => runStates.indexOf(a.state) - runStates.indexOf(b.state) || b.created.localeCompare(a.created),
  experiment: (a, b) => a.experiment.localeCompare(b.experiment) || b.number - a.number,
}
const runSorts = [
  { value: 'newest', label: 'Newest first' },
  { value: 'longest', label: 'Longest first' },
  { value: 'state', label: 'State' },
  { value: 'experiment', label: 'Experiment' },
]
const states = runStates.map((s) => ({ value: s, label: s[0]!.toUpperCase() + s.slice(1) }))

function MyRuns({
  list,
  set,
}: {
  list: { q: string; state: string; sort: string }
  set: (c: Partial<{ q: string; state: string; sort: string }>) => void
}) {
  const { data, error, refetch } = useQuery(myRunsQuery())
  const sort = list.sort || 'newest'
  const shown = data
    ?.filter((r) => (!list.state || r.state === list.state) && hit(list.q, r.title, r.experiment, r.pipeline, r.jobId))
    .toSorted(runOrders[sort] ?? runOrders['newest']!)
  return (
    <>
      {data?.length !== 0 && (
        <ListControls list={{ ...list, sort }} set={set} states={states} sorts={runSorts} placeholder="Search runs" />
      )}
      <ProblemNotice error={error} retry={() => void refetch()} />
      {!data && !error && <LoadingRows height={44} />}
      {data?.length === 0 ? (
        <Empty title="You have not run anything yet">
          Set up an experiment; its runs appear here, whichever experiment they belong to.
        </Empty>
      ) : shown?.length === 0 ? (
        <Text c="dimmed">No run is like that.</Text>
      ) : (
        shown && <RunsTable runs={shown} withExperiment />
      )}
    </>
  )
}

function Pipelines({ q }: { q: string }) {
  const here = useOrganisation()
  const may = useMay()
  const { data, error, refetch } = usePipelines(here?.organisationId)
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows height={52} />
  if (data.length === 0)
    return (
      <Empty
        title="No pipelines yet"
        action={
          may('pipelines.publish') && (
            <Button mt="xs" component={Link} to="/pipelines/publish">
              Publish the first pipeline
            </Button>
          )
        }
      >
        A pipeline is a folder with code and a <code>pipeline.json</code> that says how to start it, what goes in, what
        comes out, and which parameters it has.
      </Empty>
    )
  const shown = data.filter((p) => hit(q, p.title, p.name, p.description))
  return shown.length === 0 ? (
    <Text c="dimmed">No pipeline has these words.</Text>
  ) : (
    <Table highlightOnHover className="rows">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Title</Table.Th>
          <Table.Th>Runtime</Table.Th>
          <Table.Th visibleFrom="sm" ta="right">
            Version
          </Table.Th>
          <Table.Th visibleFrom="sm">Changed</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {shown.map((p) => (
          <Table.Tr key={p.pipelineId}>
            <Table.Td>
              <Anchor component={Link} to={`/pipelines/${p.pipelineId}`} fw={500}>
                {p.title}
              </Anchor>
              <Text size="sm" c="dimmed" lineClamp={2}>
                {p.description} {count(p.parameters, 'parameter')}.
              </Text>
            </Table.Td>
            <Table.Td>{runtimeName[p.runtime]}</Table.Td>
            <Table.Td visibleFrom="sm" ta="right" className="figures">
              {p.version}
            </Table.Td>
            <Table.Td visibleFrom="sm">
              <RelativeTime at={p.changed} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
