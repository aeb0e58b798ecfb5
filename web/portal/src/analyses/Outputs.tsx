import { Table, Text } from '@mantine/core'
import type * as P from '@observablehq/plot'
import { useCallback } from 'react'
import { count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { Plot } from '../parts/Plot.tsx'
import type { Output } from './data.ts'
import { cellText, half } from './numbers.ts'
import { draw, drawingOf, heightOf } from './plots.ts'

/** Released outputs: a plot where one says more, and always the table. */
export const Outputs = ({ outputs }: { outputs: readonly Output[] }) => <>{outputs.map((o) => <One key={o.name} output={o} alone={outputs.length === 1} />)}</>

function One({ output, alone }: { output: Output; alone: boolean }) {
  const stamp = JSON.stringify(output)
  const drawing = drawingOf(output)
  const suppressed = output.rows.reduce((n, r) => n + r.filter((c) => c.suppressed).length, 0)
  const rounded = output.rows.some((r) => r.some((c) => half(c) !== undefined))
  const make = useCallback((plot: typeof P, width: number, ink: string) => draw(plot, drawingOf(JSON.parse(stamp) as Output)!, width, ink), [stamp])
  const headers = output.columns.map((c) => (c.unit ? `${c.name} (${c.unit})` : c.name))
  return (
    <Section title={output.name === 'result' && alone ? 'Result' : output.name} hint={<>{count(output.rows.length, 'row')}{suppressed > 0 ? `, ${count(suppressed, 'cell')} suppressed` : ''}{rounded ? '; ± is how far rounding may have moved a number' : ''}</>}>
      {drawing && <Plot make={make} height={heightOf(drawing)} label={`${output.name}: ${drawing.kind === 'forest' ? 'estimates with their intervals' : drawing.kind === 'histogram' ? 'histogram' : `${drawing.label} by ${drawing.by}`}; the numbers are in the table below`} />}
      <Table.ScrollContainer minWidth={Math.min(900, 120 * output.columns.length)} maxHeight={520} scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': `${output.name}, scrollable` } }}>
        <Table className="figures released" stickyHeader>
          <Table.Thead><Table.Tr>{headers.map((h, i) => <Table.Th key={i} ta={output.columns[i]!.kind === 'group' ? 'left' : 'right'}>{h}</Table.Th>)}</Table.Tr></Table.Thead>
          <Table.Tbody>{output.rows.map((r, i) => <Table.Tr key={i}>{r.map((c, j) => <Table.Td key={j} ta={output.columns[j]?.kind === 'group' || typeof c.value === 'string' ? 'left' : 'right'} data-suppressed={c.suppressed || undefined}>{cellText(c)}{half(c) !== undefined && <Text span size="xs" c="dimmed" title={`Rounded to a multiple of ${c.precision}`}> ±{half(c)}</Text>}</Table.Td>)}</Table.Tr>)}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  )
}
