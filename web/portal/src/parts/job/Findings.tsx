import { Table, Text } from '@mantine/core'
import { Empty } from '../Empty.tsx'
import type { Job } from '../../queries/jobs.ts'
import { outcomeWords, ruleWords } from './words.ts'

/** Row and column of a position such as `3/2`, in words. */
const place = (cell: string | undefined): string => {
  const place = cell ? /^(\d+)\/(\d+)$/.exec(cell) : null
  return place ? `row ${place[1]}, column ${place[2]}` : (cell ?? 'the whole output')
}
const most = 300

/** What the gate found: positions and rules, never the value that failed. */
export function Findings({ findings }: { findings: Job['findings'] }) {
  if (findings.length === 0)
    return <Empty title="No findings">Nothing of the output was suppressed, rounded or failed.</Empty>
  return (
    <>
      <Table.ScrollContainer minWidth={320}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Output</Table.Th>
              <Table.Th>Where</Table.Th>
              <Table.Th>Rule</Table.Th>
              <Table.Th>Outcome</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {findings.slice(0, most).map((finding, index) => (
              <Table.Tr key={index}>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{finding.output}</Table.Td>
                <Table.Td>{place(finding.cell)}</Table.Td>
                <Table.Td>
                  {ruleWords[finding.rule]}{' '}
                  <Text span size="xs" c="dimmed" className="nowrap">
                    {finding.rule}
                  </Text>
                </Table.Td>
                <Table.Td>{outcomeWords[finding.outcome]}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {findings.length > most && (
        <Text size="sm" c="dimmed">
          and {findings.length - most} more
        </Text>
      )}
    </>
  )
}
