import { Anchor, Button, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMay, useOrganisation } from '../hooks.ts'
import { Empty } from '../parts/Empty.tsx'
import { count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { type Pipeline, usePipelines } from './data.ts'
import { hasWords, runtimeName } from './words.ts'

/** What can be run. */
export function Pipelines({ search }: { search: string }) {
  const { data, error, refetch } = usePipelines(useOrganisation()?.organisationId)
  if (!data) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows height={52} />
  if (data.length === 0) return <NoPipelines />
  const shown = data.filter((pipeline) => hasWords(search, pipeline.title, pipeline.name, pipeline.description))
  return shown.length === 0 ? <Text c="dimmed">No pipeline has these words.</Text> : <Rows pipelines={shown} />
}

function NoPipelines() {
  const may = useMay()
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
}

const Rows = ({ pipelines }: { pipelines: readonly Pipeline[] }) => (
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
      {pipelines.map((pipeline) => (
        <Table.Tr key={pipeline.pipelineId}>
          <Table.Td>
            <Anchor component={Link} to={`/pipelines/${pipeline.pipelineId}`} fw={500}>
              {pipeline.title}
            </Anchor>
            <Text size="sm" c="dimmed" lineClamp={2}>
              {pipeline.description} {count(pipeline.parameters, 'parameter')}.
            </Text>
          </Table.Td>
          <Table.Td>{runtimeName[pipeline.runtime]}</Table.Td>
          <Table.Td visibleFrom="sm" ta="right" className="figures">
            {pipeline.version}
          </Table.Td>
          <Table.Td visibleFrom="sm">
            <RelativeTime at={pipeline.changed} />
          </Table.Td>
        </Table.Tr>
      ))}
    </Table.Tbody>
  </Table>
)
