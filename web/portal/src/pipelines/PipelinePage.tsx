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
  const { data: p, error, refetch } = useQuery(pipelineQuery(pipelineId))
  const { data: versions } = useQuery({
    queryKey: ['pipeline-versions', pipelineId, p?.version],
    enabled: p !== undefined,
    queryFn: () =>
      everything((after) => api.pipelines.versions({ params: { pipelineId }, query: { limit: 100, after } })),
  })
  const [failed, setFailed] = useState<unknown>()
  const back = { to: '/pipelines?view=pipelines', label: 'Pipelines' }
  if (!p)
    return (
      <Page title="Pipeline" back={back}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows />}
      </Page>
    )
  const d = p.definition
  const archive = async () => {
    setFailed(undefined)
    try {
      await api.pipelines.archive({ params: { pipelineId }, body: { rev: p.rev, archived: !p.archived } })
      await client.invalidateQueries({ queryKey: ['pipeline', pipelineId] })
      void client.invalidateQueries({ queryKey: ['pipelines'] })
    } catch (e) {
      setFailed(e)
    }
  }
  return (
    <Page
      title={p.title}
      back={back}
      hint={
        <>
          {runtimeName[p.runtime]} · version {p.version} ·{' '}
          <Text span ff="monospace" size="sm">
            {p.name}
          </Text>
          {p.archived ? ' · put away' : ''}
        </>
      }
      action={
        <>
          {p.may.includes('archive') && (
            <Button variant="default" onClick={() => void archive()}>
              {p.archived ? 'Take out again' : 'Put away'}
            </Button>
          )}
          {p.may.includes('run') && !p.archived && (
            <Button component={Link} to="/pipelines/new" search={{ pipeline: pipelineId } as never}>
              Set up an experiment
            </Button>
          )}
        </>
      }
    >
      <ProblemNotice error={failed} />
      {d.description && <Text className="prose">{d.description}</Text>}
      <Section title="Starts with">
        <ScrollCode text={d.command.join(' ')} label="Command" wrap />
        <Text size="sm" c="dimmed" mt={4}>
          {count(d.resources.cpus, 'processor')}, {d.resources.memoryMb} MB, at most{' '}
          {Math.round(d.resources.seconds / 60)} min{d.resources.gpus ? `, ${count(d.resources.gpus, 'GPU')}` : ''}
        </Text>
      </Section>
      <div className={pageStyles.pair}>
        <Section title="Goes in">
          {d.inputs.length === 0 ? (
            <Text c="dimmed" size="sm">
              Nothing.
            </Text>
          ) : (
            <dl className="terms">
              {d.inputs.map((i) => (
                <div key={i.name}>
                  <dt>{i.title ?? i.name}</dt>
                  <dd>
                    {i.kind}
                    {i.required ? '' : ', optional'}
                    {i.help && (
                      <Text size="sm" c="dimmed">
                        {i.help}
                      </Text>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </Section>
        <Section title="Comes out">
          {d.outputs.length === 0 ? (
            <Text c="dimmed" size="sm">
              Whatever it writes.
            </Text>
          ) : (
            <dl className="terms named">
              {d.outputs.map((o) => (
                <div key={o.match}>
                  <dt>
                    <code>{o.match}</code>
                  </dt>
                  <dd>
                    {o.title ?? o.kind}
                    {o.help && (
                      <Text size="sm" c="dimmed">
                        {o.help}
                      </Text>
                    )}
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </Section>
      </div>
      <Section title={`Parameters (${Object.keys(schemaOf(d).properties).length})`}>
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
              {Object.entries(schemaOf(d).properties).map(([name, q]) => (
                <Table.Tr key={name}>
                  <Table.Td>
                    <code>{name}</code>
                    <Text size="xs" c="dimmed">
                      {q.description ?? q.title}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">{mayBe(q)}</Text>
                  </Table.Td>
                  <Table.Td>{valueText(q.default)}</Table.Td>
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
              {versions.map((v) => (
                <Table.Tr key={v.version}>
                  <Table.Td>{v.version}</Table.Td>
                  <Table.Td>
                    {v.note || '–'}
                    <Text size="xs" c="dimmed">
                      {v.publishedBy.name}, <RelativeTime at={v.published} /> · {count(v.files, 'file')},{' '}
                      {bytes(v.bytes)}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <CopyId value={v.codeHash} show={`${v.codeHash.slice(0, 12)}…`} label="hash of the code" />
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
