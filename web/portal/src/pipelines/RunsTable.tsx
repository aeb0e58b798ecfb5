import { Anchor, Button, Checkbox, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import type { Run } from './data.ts'
import { elapsed, figure, runName } from './words.ts'

const most = 6
const waitingWords = {
  turn: 'for its turn',
  approval: 'for approval',
  checkers: 'for output checkers',
  answer: 'for an answer',
} as const

/** Runs with what matters of each; two to six can be compared. `metrics` are the columns of figures. */
export function RunsTable({ runs, withExperiment = false }: { runs: readonly Run[]; withExperiment?: boolean }) {
  const [chosen, choose] = useState<string[]>([])
  const metrics = [...new Set(runs.slice(0, 50).flatMap((r) => r.metrics.map((m) => m.name)))].slice(0, 4)
  return (
    <>
      <Table.ScrollContainer minWidth={560}>
        <Table highlightOnHover className="rows figures">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={36}>
                <span className="sr">Compare</span>
              </Table.Th>
              <Table.Th>Run</Table.Th>
              <Table.Th>State</Table.Th>
              {metrics.map((metric) => (
                <Table.Th key={metric} ta="right">
                  {metric}
                </Table.Th>
              ))}
              <Table.Th ta="right">Took</Table.Th>
              <Table.Th>Created</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {runs.map((run) => (
              <Table.Tr key={run.jobId}>
                <Table.Td>
                  <Checkbox
                    aria-label={`Compare run ${run.number}, ${run.title}`}
                    checked={chosen.includes(run.jobId)}
                    disabled={!chosen.includes(run.jobId) && chosen.length >= most}
                    onChange={(e) =>
                      choose(e.currentTarget.checked ? [...chosen, run.jobId] : chosen.filter((c) => c !== run.jobId))
                    }
                  />
                </Table.Td>
                <Table.Td>
                  <Anchor component={Link} to={`/pipeline-runs/${run.jobId}`} fw={500}>
                    {runName(run)}
                  </Anchor>
                  <Text size="xs" c="dimmed">
                    {[
                      withExperiment && run.experiment,
                      run.sweep && !run.title.includes(run.sweep.label)
                        ? run.sweep.label
                        : !withExperiment && run.owner.name,
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <StateBadge of="pipeline-run" state={run.state} />
                  {run.queue && run.state === 'queued' && (
                    <Text size="xs" c="dimmed">
                      {run.queue.position === 1 ? 'next' : `place ${run.queue.position}`}
                    </Text>
                  )}
                  {run.waiting && run.waiting !== 'turn' && (
                    <Text size="xs" c="dimmed">
                      {waitingWords[run.waiting]}
                    </Text>
                  )}
                  {run.problem && (
                    <Text size="xs" c="dimmed" lineClamp={2}>
                      {run.problem.message}
                    </Text>
                  )}
                </Table.Td>
                {metrics.map((metric) => {
                  const value = run.metrics.find((told) => told.name === metric)?.value
                  return (
                    <Table.Td key={metric} ta="right">
                      {value === undefined ? '–' : figure(value)}
                    </Table.Td>
                  )
                })}
                <Table.Td ta="right" className="nowrap">
                  {run.seconds === undefined ? '–' : elapsed(run.seconds)}
                </Table.Td>
                <Table.Td>
                  <RelativeTime at={run.created} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {runs.length > 1 && (
        <Button
          mt="sm"
          size="compact-sm"
          variant="default"
          disabled={chosen.length < 2}
          component={Link}
          to="/pipeline-runs/compare"
          search={
            {
              runs: runs
                .filter((r) => chosen.includes(r.jobId))
                .toSorted((a, b) => a.created.localeCompare(b.created))
                .map((r) => r.jobId)
                .join(','),
            } as never
          }
        >
          {chosen.length < 2 ? 'Mark two or more to compare' : `Compare ${chosen.length} runs`}
        </Button>
      )}
    </>
  )
}
