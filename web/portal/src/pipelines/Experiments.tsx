import { Anchor, Button, Select, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { useAddress } from '../parts/ListControls.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { type ExperimentRow, useExperiments } from './data.ts'
import { hasWords } from './words.ts'
import listControlsStyles from '../parts/ListControls.module.css'

type Order = (a: ExperimentRow, b: ExperimentRow) => number
const byLastRun: Order = (a, b) => (b.last?.created ?? b.created).localeCompare(a.last?.created ?? a.created)
const orders: Record<string, Order> = {
  title: (a, b) => a.title.localeCompare(b.title),
  runs: (a, b) => b.runs - a.runs,
}

/** Set-ups of pipelines, with how their last run went. */
export function Experiments({ search }: { search: string }) {
  const { data, error, refetch } = useExperiments(useOrganisation()?.organisationId)
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows height={52} />
  return data.length === 0 ? <NoExperiments /> : <Listed experiments={data} search={search} />
}

function NoExperiments() {
  const may = useMay()
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
      An experiment is your own set-up of a pipeline: a name, its inputs and its parameters. Each run of it is kept with
      everything it was made of: parameters, code, inputs, log, results.
    </Empty>
  )
}

function Listed({ experiments, search }: { experiments: readonly ExperimentRow[]; search: string }) {
  const [pipelineId, setPipeline] = useAddress('pipeline')
  const [sort, setSort] = useAddress('sort')
  const titles = new Map(experiments.map((each) => [each.pipelineId, each.pipeline]))
  const shown = experiments
    .filter((each) => !pipelineId || each.pipelineId === pipelineId)
    .filter((each) => hasWords(search, each.title, each.description, each.pipeline, each.owner.name))
    .toSorted(orders[sort] ?? byLastRun)
  return (
    <>
      <div className={listControlsStyles.controlsRow}>
        <Select
          aria-label="Filter by pipeline"
          data={[{ value: '', label: 'Every pipeline' }, ...[...titles].map(([value, label]) => ({ value, label }))]}
          value={pipelineId}
          onChange={(next) => setPipeline(next ?? '')}
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
          onChange={(next) => setSort(next ?? '')}
          allowDeselect={false}
          w={150}
        />
      </div>
      {shown.length === 0 ? <Text c="dimmed">No experiment has these words.</Text> : <Rows experiments={shown} />}
    </>
  )
}

const Rows = ({ experiments }: { experiments: readonly ExperimentRow[] }) => (
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
      {experiments.map((experiment) => (
        <Table.Tr key={experiment.experimentId}>
          <Table.Td>
            <Anchor component={Link} to={`/experiments/${experiment.experimentId}`} fw={500}>
              {experiment.title}
            </Anchor>
            <Text size="sm" c="dimmed" lineClamp={1}>
              {experiment.owner.name}
              {experiment.shared ? ' · shared' : ''}
              {experiment.description && ` · ${experiment.description}`}
            </Text>
          </Table.Td>
          <Table.Td visibleFrom="sm">
            <Text size="sm">
              {experiment.pipeline}, version {experiment.version}
            </Text>
          </Table.Td>
          <Table.Td ta="right" className="figures">
            {experiment.runs}
          </Table.Td>
          <Table.Td>
            {experiment.last ? (
              <>
                <StateBadge of="pipeline-run" state={experiment.last.state} />
                <Text size="xs" c="dimmed">
                  <RelativeTime at={experiment.last.created} />
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
)
