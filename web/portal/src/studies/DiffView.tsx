import { Table, Text } from '@mantine/core'
import type { DiffLine } from '../../../../domain/studies/diff.ts'
import styles from './DiffView.module.css'

const sign = { added: '+', removed: '−', changed: '→' } as const

/** What changed, in words: what it was on the left, what it is on the right. */
export function DiffView({
  configuration,
  assets,
}: {
  configuration: readonly DiffLine[]
  assets: readonly DiffLine[]
}) {
  return (
    <>
      {configuration.length > 0 && <Lines title="Configuration" lines={configuration} />}
      {assets.length > 0 && <Lines title="Files" lines={assets} />}
    </>
  )
}

const Lines = ({ title, lines }: { title: string; lines: readonly DiffLine[] }) => (
  <Table.ScrollContainer minWidth={460} mb="md">
    <Table className={styles.diff} captionSide="top">
      <Table.Caption ta="left" mt={0}>
        {title}
      </Table.Caption>
      <Table.Thead>
        <Table.Tr>
          <Table.Th w="34%">Where</Table.Th>
          <Table.Th w="33%">Before</Table.Th>
          <Table.Th w="33%">After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {lines.map((line, index) => (
          <Table.Tr key={index} data-change={line.change}>
            <Table.Td>
              <Text span size="sm" fw={600} aria-label={line.change} className={styles.sign}>
                {sign[line.change]}
              </Text>{' '}
              <Text span size="sm">
                {line.path}
              </Text>
            </Table.Td>
            <Table.Td>
              <Text span size="sm" className={styles.before}>
                {line.before ?? ''}
              </Text>
            </Table.Td>
            <Table.Td>
              <Text span size="sm" className={styles.after}>
                {line.after ?? ''}
              </Text>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
)
