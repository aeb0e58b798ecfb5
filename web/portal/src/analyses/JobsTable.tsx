import { Anchor, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { languageName, modeShort } from '../parts/policy-words.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import type { Job } from '../queries/jobs.ts'
import { kindWords, stateWord } from '../parts/job/words.ts'

function howOf({ kind, language, mode, on }: Job): string {
  const written = language ? languageName[language] : kindWords[kind]
  if (mode) return `${written}, ${modeShort[mode]}`
  return on === 'twin' ? `${written}, on the twin` : written
}

/** Analyses as rows: what was asked, of what, how it stands. `who` names the people who asked. */
export function JobsTable({
  jobs,
  who = false,
  dataset = true,
}: {
  jobs: readonly Job[]
  who?: boolean
  dataset?: boolean
}) {
  return (
    <Table highlightOnHover className="rows">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Analysis</Table.Th>
          <Table.Th>State</Table.Th>
          {dataset && <Table.Th visibleFrom="sm">Dataset</Table.Th>}
          <Table.Th visibleFrom="md">How</Table.Th>
          {who && <Table.Th visibleFrom="sm">Who</Table.Th>}
          <Table.Th visibleFrom="xs">Asked</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {jobs.map((j) => (
          <Table.Tr key={j.jobId}>
            <Table.Td>
              <Anchor component={Link} to={`/analyses/${j.jobId}`} fw={500} style={{ overflowWrap: 'anywhere' }}>
                {j.title}
              </Anchor>
              <Text size="xs" c="dimmed" hiddenFrom="sm">
                {j.dataset}
                {who ? `, ${j.owner.name}` : ''}
              </Text>
              {j.problem && j.state !== 'cancelled' && (
                <Text size="xs" c="dimmed" lineClamp={1}>
                  {j.problem.message}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <StateBadge of="job" state={j.state} word={stateWord(j)} />
            </Table.Td>
            {dataset && (
              <Table.Td visibleFrom="sm">
                <Anchor component={Link} to={`/datasets/${j.datasetId}/overview`} size="sm">
                  {j.dataset}
                </Anchor>
              </Table.Td>
            )}
            <Table.Td visibleFrom="md">
              <Text size="sm">{howOf(j)}</Text>
            </Table.Td>
            {who && (
              <Table.Td visibleFrom="sm">
                <Text size="sm">{j.owner.name}</Text>
              </Table.Td>
            )}
            <Table.Td visibleFrom="xs">
              <RelativeTime at={j.created} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
