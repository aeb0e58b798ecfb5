import { Button, Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { type Parameter, rangeText } from '../../../../domain/pipelines/parameters.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { bytes, count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import { api } from '../session/session.ts'
import { everything } from '../queries/everything.ts'
import { pipelineQuery, schemaOf } from './data.ts'
import { runtimeName, valueText } from './words.ts'
import pageStyles from '../parts/Page.module.css'

/** What a pipeline is: how it starts, what goes in and comes out, its parameters, its versions. */
export function PipelinePage() {
  const { pipelineId } = useParams({ strict: false }) as { pipelineId: string }
  const client = useQueryClient()
  const { data: pipeline, error, refetch } = useQuery(pipelineQuery(pipelineId))
  const { data: versions } = useQuery({
    queryKey: ['pipeline-versions', pipelineId, pipeline?.version],
    enabled: pipeline !== undefined,
    queryFn: () =>
      everything((after) => api.pipelines.versions({ params: { pipelineId }, query: { limit: 100, after } })),
  })
  const [failed, setFailed] = useState<unknown>()
  const back = { to: '/pipelines?view=pipelines', label: 'Pipelines' }
  if (!pipeline)
    return (
      <Page title="Pipeline" back={back}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  const definition = pipeline.definition
  const archive = async () => {
    setFailed(undefined)
    try {
      await api.pipelines.archive({ params: { pipelineId }, body: { rev: pipeline.rev, archived: !pipeline.archived } })
      await client.invalidateQueries({ queryKey: ['pipeline', pipelineId] })
      void client.invalidateQueries({ queryKey: ['pipelines'] })
    } catch (e) {
      setFailed(e)
    }
  }
  return (
    <Page
      title={pipeline.title}
      back={back}
      hint={
        <>
          {runtimeName[pipeline.runtime]} · version {pipeline.version} ·{' '}
          <Text span ff="monospace" size="sm">
            {pipeline.name}
          </Text>
          {pipeline.archived ? ' · put away' : ''}
        </>
      }
      action={
        <>
          {pipeline.may.includes('archive') && (
            <Button variant="default" onClick={() => void archive()}>
              {pipeline.archived ? 'Take out again' : 'Put away'}
            </Button>
          )}
          {pipeline.may.includes('run') && !pipeline.archived && (
            <Button component={Link} to="/pipelines/new" search={{ pipeline: pipelineId } as never}>
              Set up an experiment
            </Button>
          )}
        </>
      }
    >
      <ProblemNotice error={failed} />
      {definition.description && <Text className="prose">{definition.description}</Text>}
      <Section title="Starts with">
        <ScrollCode text={definition.command.join(' ')} label="Command" wrap />
        <Text size="sm" c="dimmed" mt={4}>
          {count(definition.resources.cpus, 'processor')}, {definition.resources.memoryMb} MB, at most{' '}
          {Math.round(definition.resources.seconds / 60)} min
          {definition.resources.gpus ? `, ${count(definition.resources.gpus, 'GPU')}` : ''}
        </Text>
      </Section>
      <div className={pageStyles.pair}>
        <Section title="Goes in">
          {definition.inputs.length === 0 ? (
            <Text c="dimmed" size="sm">
              Nothing.
            </Text>
          ) : (
            <dl className="terms">
              {definition.inputs.map((input) => (
                <div key={input.name}>
                  <dt>{input.title ?? input.name}</dt>
                  <dd>
                    {input.kind}
                    {input.required ? '' : ', optional'}
                    {input.help && (
                      <Text size="sm" c="dimmed">
                        {input.help}
                      </Text>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </Section>
        <Section title="Comes out">
          {definition.outputs.length === 0 ? (
            <Text c="dimmed" size="sm">
              Whatever it writes.
            </Text>
          ) : (
            <dl className="terms named">
              {definition.outputs.map((output) => (
                <div key={output.match}>
                  <dt>
                    <code>{output.match}</code>
                  </dt>
                  <dd>
                    {output.title ?? output.kind}
                    {output.help && (
                      <Text size="sm" c="dimmed">
                        {output.help}
                      </Text>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </Section>
      </div>
      <Section title={`Parameters (${Object.keys(schemaOf(definition).properties).length})`}>
        <Table.ScrollContainer minWidth={520}>
          <Table className="rows">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th>May be</Table.Th>
                <Table.Th>Default</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {Object.entries(schemaOf(definition).properties).map(([name, parameter]) => (
                <Table.Tr key={name}>
                  <Table.Td>
                    <code>{name}</code>
                    <Text size="xs" c="dimmed">
                      {parameter.description ?? parameter.title}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">{mayBe(parameter)}</Text>
                  </Table.Td>
                  <Table.Td>{valueText(parameter.default)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Section>
      <Section title="Versions">
        {versions ? (
          <Table className="rows figures">
            <Table.Tbody>
              {versions.map((version) => (
                <Table.Tr key={version.version}>
                  <Table.Td>{version.version}</Table.Td>
                  <Table.Td>
                    {version.note || '–'}
                    <Text size="xs" c="dimmed">
                      {version.publishedBy.name}, <RelativeTime at={version.published} /> ·{' '}
                      {count(version.files, 'file')}, {bytes(version.bytes)}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <CopyId
                      value={version.codeHash}
                      show={`${version.codeHash.slice(0, 12)}…`}
                      label="hash of the code"
                    />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        ) : (
          <LoadingRows />
        )}
      </Section>
    </Page>
  )
}

/** What a parameter may be, in words. */
function mayBe(parameter: Parameter): string {
  switch (parameter.type) {
    case 'number':
    case 'integer':
      return parameter.enum?.join(', ') ?? rangeText(parameter, parameter.unit)
    case 'array':
      return `numbers, each ${rangeText(parameter.items, parameter.unit)}`
    case 'boolean':
      return 'yes or no'
    case 'string':
      return parameter.enum?.join(', ') ?? 'a text'
  }
}
