import { Anchor, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Parameter } from '../../../../domain/pipelines/parameters.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { bytes, count } from '../parts/figures.ts'
import { pipelineQuery, type Run, schemaOf } from './data.ts'
import { elapsed, valueText } from './words.ts'
import cardStyles from '../parts/card.module.css'

/** What a run was made of: parameters, inputs, code, limits. */
export function RunSetUp({ run }: { run: Run }) {
  const { data: pipeline } = useQuery(pipelineQuery(run.pipelineId))
  const declared = pipeline ? schemaOf(pipeline.definition).properties : {}
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
            {Object.entries(run.parameters).map(([name, value]) => (
              <ParameterRow key={name} name={name} value={value} declared={declared[name]} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <MadeOf run={run} />
    </div>
  )
}

const ParameterRow = ({ name, value, declared }: { name: string; value: unknown; declared: Parameter | undefined }) => (
  <Table.Tr>
    <Table.Td>
      <code>{name}</code>
      {declared?.title && (
        <Text size="xs" c="dimmed">
          {declared.title}
        </Text>
      )}
    </Table.Td>
    <Table.Td className="figures">
      {valueText(value)}
      {declared?.unit ? (
        <Text span size="sm" c="dimmed">
          {' '}
          {declared.unit}
        </Text>
      ) : null}
    </Table.Td>
  </Table.Tr>
)

const Term = ({ term, children }: { term: string; children: ReactNode }) => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
)
const Hash = ({ value, label }: { value: string; label: string }) => (
  <CopyId value={value} show={`${value.slice(0, 12)}…`} label={label} />
)

const MadeOf = ({ run }: { run: Run }) => (
  <section className={cardStyles.card} aria-label="What it was made of">
    <dl className="terms wide">
      <Term term="Pipeline">
        <Anchor component={Link} to={`/pipelines/${run.pipelineId}`} inherit underline="always">
          {run.pipeline}
        </Anchor>
        , version {run.version}
      </Term>
      {run.inputs.map((input) => (
        <Term key={input.name} term={input.name}>
          {count(input.files, 'file')}, {bytes(input.bytes)} <Hash value={input.hash} label={`hash of ${input.name}`} />
        </Term>
      ))}
      <Term term="Limits">
        {count(run.resources.cpus, 'processor')}, {run.resources.memoryMb} MB, {elapsed(run.resources.seconds)}
      </Term>
      {run.exitCode !== undefined && <Term term="Exit code">{run.exitCode}</Term>}
      {run.signal && <Term term="Signal">{run.signal}</Term>}
      {run.image && (
        <Term term="Ran on">
          {run.image}
          {run.confinement ? `, in ${run.confinement}` : ''}
        </Term>
      )}
      <Term term="Code">
        <Hash value={run.codeHash} label="hash of the code" />
      </Term>
      <Term term="All of it">
        <Hash value={run.hash} label="hash of code, inputs and parameters" />
        <Text size="xs" c="dimmed">
          Equal runs have equal hashes.
        </Text>
      </Term>
      {run.steps.length > 0 && (
        <Term term="Steps">
          {run.steps.map((step) => (
            <div key={`${step.name} ${step.at}`}>
              {step.name}{' '}
              <Text span size="xs" c="dimmed">
                {new Date(step.at).toLocaleTimeString('en-GB')}
              </Text>
            </div>
          ))}
        </Term>
      )}
    </dl>
  </section>
)
