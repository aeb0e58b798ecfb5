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
              {metrics.map((m) => (
                <Table.Th key={m} ta="right">
                  {m}
                </Table.Th>
              ))}
              <Table.Th ta="right">Took</Table.Th>
              <Table.Th>Created</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {runs.map((r) => (
              <Table.Tr key={r.jobId}>
                <Table.Td>
                  <Checkbox
                    aria-label={`Compare run ${r.number}, ${r.title}`}
                    checked={chosen.includes(r.jobId)}
                    disabled={!chosen.includes(r.jobId) && chosen.length >= most}
                    onChange={(e) =>
                      choose(e.currentTarget.checked ? [...chosen, r.jobId] : chosen.filter((c) => c !== r.jobId))
                    }
                  />
                </Table.Td>
                <Table.Td>
                  <Anchor component={Link} to={`/pipeline-runs/${r.jobId}`} fw={500}>
                    {runName(r)}
                  </Anchor>
                  <Text size="xs" c="dimmed">
                    {[
                      withExperiment && r.experiment,
                      r.sweep && !r.title.includes(r.sweep.label) ? r.sweep.label : !withExperiment && r.owner.name,
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </Text>
                </Table.Td>
                <Table.Td>
                  <StateBadge of="pipeline-run" state={r.state} />
                  {r.queue && r.state === 'queued' && (
                    <Text size="xs" c="dimmed">
                      {r.queue.position === 1 ? 'next' : `place ${r.queue.position}`}
                    </Text>
                  )}
                  {r.waiting && r.waiting !== 'turn' && (
                    <Text size="xs" c="dimmed">
                      {waitingWords[r.waiting]}
                    </Text>
                  )}
                  {r.problem && (
                    <Text size="xs" c="dimmed" lineClamp={2}>
                      {r.problem.message}
                    </Text>
                  )}
                </Table.Td>
                {metrics.map((m) => {
                  const v = r.metrics.find((x) => x.name === m)?.value
                  return (
                    <Table.Td key={m} ta="right">
                      {v === undefined ? '–' : figure(v)}
                    </Table.Td>
                  )
                })}
                <Table.Td ta="right" className="nowrap">
                  {r.seconds === undefined ? '–' : elapsed(r.seconds)}
                </Table.Td>
                <Table.Td>
                  <RelativeTime at={r.created} />
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
