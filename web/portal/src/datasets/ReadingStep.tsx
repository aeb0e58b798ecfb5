import { Alert, Button, Group, Stack, Table, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { jobQuery } from '../queries/jobs.ts'
import { Steps } from '../parts/job/Steps.tsx'
import { bytes, count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import type { Reading } from './data.ts'

const titles: Record<Reading['state'], string> = {
  none: 'What was read',
  reading: 'Reading the files',
  failed: 'The files could not be read',
  ready: 'What was read',
}

const sizeOf = (files: readonly { size: number }[]): number => files.reduce((sum, file) => sum + file.size, 0)

/** The job that reads the files: how far it is, what it found, or why it could not. Nothing of this is published. */
export function ReadingStep({ reading, again, next }: { reading: Reading; again: () => void; next: () => void }) {
  const { data: job } = useQuery({ ...jobQuery(reading.jobId ?? ''), enabled: reading.jobId !== undefined })
  const rows = reading.tables.reduce((n, t) => n + t.rows, 0)
  return (
    <Section
      title={titles[reading.state]}
      hint={reading.state === 'reading' ? 'You can leave this page: it goes on without you.' : undefined}
    >
      <Stack maw={760}>
        {reading.state === 'reading' && (job ? <Steps job={job} /> : <Text role="status">Waiting for its turn …</Text>)}
        {reading.state === 'failed' && (
          <Alert
            color="red"
            variant="outline"
            role="alert"
            icon={<IconAlertTriangle size={18} aria-hidden />}
            title={
              reading.problem
                ? `${reading.problem.file}${reading.problem.line ? `, line ${reading.problem.line}` : ''}`
                : 'The job stopped'
            }
          >
            {reading.problem?.reason ?? job?.problem?.message ?? 'Try it again.'} Mend the file on your side, then
            choose the files again: those that have not changed are not sent twice.
          </Alert>
        )}
        {reading.state === 'ready' && (
          <>
            <Text size="sm">
              {count(reading.tables.length, 'table')}, {count(rows, 'row')}
              {reading.other.length > 0
                ? `, ${count(reading.other.length, 'other file')} (${bytes(sizeOf(reading.other))})`
                : ''}
              . Only you and other custodians see this.
            </Text>
            <Table.ScrollContainer minWidth={320}>
              <Table className="figures">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>File</Table.Th>
                    <Table.Th ta="right">Rows</Table.Th>
                    <Table.Th ta="right">Columns</Table.Th>
                    <Table.Th>Warnings</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {reading.tables.map((table) => (
                    <Table.Tr key={table.file}>
                      <Table.Td className="nowrap">{table.file}</Table.Td>
                      <Table.Td ta="right">{table.rows.toLocaleString('en')}</Table.Td>
                      <Table.Td ta="right">{table.columns.length}</Table.Td>
                      <Table.Td>{table.warnings.length === 0 ? 'none' : table.warnings.join(' ')}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </>
        )}
        <Group>
          {reading.state === 'ready' && <Button onClick={next}>Go on to the schema</Button>}
          {reading.state !== 'reading' && (
            <Button variant="default" onClick={again}>
              {reading.state === 'failed' ? 'Choose the files again' : 'Use other files'}
            </Button>
          )}
        </Group>
      </Stack>
    </Section>
  )
}
