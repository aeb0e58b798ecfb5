import { Table } from '@mantine/core'
import { cellText } from '../../../../../clients/results/csv.ts'
import { count } from '../../parts/figures.ts'
import { Section } from '../../parts/Page.tsx'

const previewRows = 25
const previewColumns = 24
const longest = 60
const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)

/** The first rows and columns; the downloads hold all. */
export function RowsPreview({
  rows,
  columns,
}: {
  rows: readonly ReadonlyMap<string, unknown>[]
  columns: readonly string[]
}) {
  return (
    <Section
      title="Rows"
      hint={`The first ${Math.min(previewRows, rows.length)} of ${count(rows.length, 'row')}, ${Math.min(previewColumns, columns.length)} of ${count(columns.length, 'column')}; downloads hold all.`}
    >
      <Table.ScrollContainer
        minWidth={400}
        maxHeight={420}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': 'Rows, scrollable' } }}
      >
        <Table className="figures" stickyHeader>
          <Table.Thead>
            <Table.Tr>
              {columns.slice(0, previewColumns).map((column) => (
                <Table.Th key={column} className="nowrap">
                  {column}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, previewRows).map((row, index) => (
              <Table.Tr key={index}>
                {columns.slice(0, previewColumns).map((column) => {
                  const text = cellText(row.get(column))
                  return (
                    <Table.Td key={column} className="nowrap">
                      {column === 'run_id' ? text.slice(4, 12) : cut(text)}
                    </Table.Td>
                  )
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  )
}
