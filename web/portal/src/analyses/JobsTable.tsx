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
        {jobs.map((job) => (
          <Table.Tr key={job.jobId}>
            <Table.Td>
              <Anchor component={Link} to={`/analyses/${job.jobId}`} fw={500} style={{ overflowWrap: 'anywhere' }}>
                {job.title}
              </Anchor>
              <Text size="xs" c="dimmed" hiddenFrom="sm">
                {job.dataset}
                {who ? `, ${job.owner.name}` : ''}
              </Text>
              {job.problem && job.state !== 'cancelled' && (
                <Text size="xs" c="dimmed" lineClamp={1}>
                  {job.problem.message}
                </Text>
              )}
            </Table.Td>
            <Table.Td>
              <StateBadge of="job" state={job.state} word={stateWord(job)} />
            </Table.Td>
            {dataset && (
              <Table.Td visibleFrom="sm">
                <Anchor component={Link} to={`/datasets/${job.datasetId}/overview`} size="sm">
                  {job.dataset}
                </Anchor>
              </Table.Td>
            )}
            <Table.Td visibleFrom="md">
              <Text size="sm">{howOf(job)}</Text>
            </Table.Td>
            {who && (
              <Table.Td visibleFrom="sm">
                <Text size="sm">{job.owner.name}</Text>
              </Table.Td>
            )}
            <Table.Td visibleFrom="xs">
              <RelativeTime at={job.created} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
