import { Table, Text } from '@mantine/core'
import type * as P from '@observablehq/plot'
import { useCallback } from 'react'
import { count } from '../figures.ts'
import { Section } from '../Page.tsx'
import { Plot } from '../Plot.tsx'
import type { Job, Output } from '../../queries/jobs.ts'
import { cellText, half } from './cell-text.ts'
import { draw, type Drawing, drawingOf, heightOf } from './plots/index.ts'
import { outcomeWords, ruleWords } from './words.ts'
import styles from './Outputs.module.css'

type Found = Job['findings']
const single = (o: Output): boolean => o.type === 'scalar' && o.columns.length === 1 && o.rows.length === 1

/** Numbers that stand alone, such as a script's plain JSON object has them, as one table in the place of the first. */
function gathered(outputs: readonly Output[]): Output[] {
  const alone = outputs.filter(single)
  if (alone.length < 2) return [...outputs]
  const table: Output = {
    name: 'result',
    type: 'table',
    columns: [
      { name: 'name', kind: 'group' },
      { name: 'value', kind: 'value' },
    ],
    rows: alone.map((output) => [
      { value: output.columns[0]!.unit ? `${output.name} (${output.columns[0]!.unit})` : output.name },
      output.rows[0]![0]!,
    ]),
  }
  return outputs.flatMap((output) => {
    if (!single(output)) return [output]
    return output === alone[0] ? [table] : []
  })
}

/**
 * Outputs: a plot where one says more, and always the table. `findings` marks the cells in which the machine found
 * something; `noise` says that noise was added.
 */
export function Outputs({
  outputs,
  findings,
  noise = false,
}: {
  outputs: readonly Output[]
  findings?: Found
  noise?: boolean
}) {
  // Marks name an output's own cells, so that checkers see outputs as they are.
  const shown = findings ? outputs : gathered(outputs)
  return (
    <>
      {shown.map((output) => (
        <One
          key={output.name}
          output={output}
          alone={shown.length === 1}
          findings={findings?.filter((f) => f.output === output.name)}
          noise={noise}
        />
      ))}
    </>
  )
}

function drawingWords(drawing: Drawing): string {
  if (drawing.kind === 'forest') return 'estimates with their intervals'
  return drawing.kind === 'histogram' ? 'histogram' : `${drawing.label} by ${drawing.by}`
}

function One({
  output,
  alone,
  findings,
  noise,
}: {
  output: Output
  alone: boolean
  findings: Found | undefined
  noise: boolean
}) {
  const stamp = JSON.stringify(output)
  const drawing = drawingOf(output)
  const suppressed = output.rows.reduce((n, r) => n + r.filter((c) => c.suppressed).length, 0)
  // Under noise, how finely a number is written says nothing about how far it is from the truth.
  const rounded = !noise && output.rows.some((r) => r.some((c) => half(c) !== undefined))
  const make = useCallback(
    (plot: typeof P, width: number, ink: string) => draw(plot, drawingOf(JSON.parse(stamp) as Output)!, width, ink),
    [stamp],
  )
  const headers = output.columns.map((c) => (c.unit ? `${c.name} (${c.unit})` : c.name))
  const at = (i: number, j: number) => findings?.find((f) => f.cell === `${i + 1}/${j + 1}`)
  const notes = [
    count(output.rows.length, 'row'),
    ...(suppressed > 0 ? [`${count(suppressed, 'cell')} suppressed`] : []),
    ...(rounded ? ['± is how far rounding may have moved a number'] : []),
    ...(noise ? ['random noise was added to every number'] : []),
    ...(drawing?.kind === 'forest' && drawing.rows.some((r) => r.low !== undefined)
      ? ['lines are 95 % intervals']
      : []),
  ]
  return (
    <Section title={output.name === 'result' && alone ? 'Result' : output.name} hint={notes.join('; ')}>
      {drawing && (
        <Plot
          make={make}
          height={heightOf(drawing)}
          label={`${output.name}: ${drawingWords(drawing)}; the numbers are in the table below`}
        />
      )}
      <Table.ScrollContainer
        minWidth={Math.min(900, 120 * output.columns.length)}
        {...(output.rows.length > 30 ? { maxHeight: 640 } : {})}
        scrollAreaProps={{ viewportProps: { tabIndex: 0, 'aria-label': `${output.name}, scrollable` } }}
      >
        <Table className={`figures ${styles.released}`} stickyHeader={output.rows.length > 30}>
          <Table.Thead>
            <Table.Tr>
              {headers.map((header, column) => (
                <Table.Th key={column} ta={left(output, column) ? 'left' : 'right'}>
                  {header}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {output.rows.map((row, index) => (
              <Table.Tr key={index}>
                {row.map((cell, column) => {
                  const found = at(index, column)
                  return (
                    <Table.Td
                      key={column}
                      ta={left(output, column) ? 'left' : 'right'}
                      data-suppressed={cell.suppressed || undefined}
                      data-found={found?.outcome}
                      title={found && `${ruleWords[found.rule]}: ${outcomeWords[found.outcome]}`}
                    >
                      {cellText(cell, output.columns[column]?.kind === 'group')}
                      {found && <span className="sr"> ({ruleWords[found.rule]})</span>}
                      {!noise && half(cell) !== undefined && (
                        <Text span size="xs" c="dimmed" title={`Rounded to a multiple of ${cell.precision}`}>
                          {' '}
                          ±{half(cell)}
                        </Text>
                      )}
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

/** Words are read from the left, numbers compared from the right. */
const left = (o: Output, column: number): boolean =>
  o.columns[column]?.kind === 'group' || o.rows.some((r) => typeof r[column]?.value === 'string')
