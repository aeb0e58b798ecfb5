/** Estimates with their intervals, one below the other. */
import type { Output } from '../../../queries/jobs.ts'
import { palette } from '../../Plot.tsx'
import { baseOf, type Chart, labels, mostRows } from './chart.ts'
import { find, kindsOf, labelOf, numberOf, textOf } from './columns.ts'

export interface Forest {
  kind: 'forest'
  label: string
  rows: { term: string; estimate: number; low: number | undefined; high: number | undefined }[]
}

/** The column that names each estimate; -1 when none does. */
function termColumn(output: Output, estimate: number): number {
  const kinds = kindsOf(output)
  return output.columns.findIndex(
    ({ name }, index) => index !== estimate && (kinds[index] === 'group' || /term|name|variable|parameter/i.test(name)),
  )
}

/** Estimates with intervals: given ones, or 1.96 standard errors to each side. Undefined where an output has none. */
export function forestOf(output: Output): Forest | undefined {
  const estimate = find(output, 'estimate', 'coef', 'coefficient', 'value', 'mean')
  const standardError = find(output, 'standarderror', 'stderr', 'se', 'stderror')
  const low = find(output, 'low', 'lower', 'cilow', 'ci025', '25')
  const high = find(output, 'high', 'upper', 'cihigh', 'ci975', '975')
  if (estimate < 0 || (standardError < 0 && (low < 0 || high < 0))) return undefined
  const term = termColumn(output, estimate)
  const unnamed = (row: number) => (output.rows.length === 1 ? output.name : String(row + 1))
  const rows = output.rows.flatMap((row, index) => {
    const centre = numberOf(row, estimate)
    if (centre === undefined) return []
    const error = numberOf(row, standardError)
    const bound = (column: number, side: 1 | -1): number | undefined =>
      numberOf(row, column) ?? (error === undefined ? undefined : centre + side * 1.96 * error)
    return [
      {
        term: term < 0 ? unnamed(index) : textOf(row, term),
        estimate: centre,
        low: bound(low, -1),
        high: bound(high, 1),
      },
    ]
  })
  if (rows.length === 0) return undefined
  return { kind: 'forest', label: labelOf(output.columns[estimate]!), rows: rows.slice(0, mostRows) }
}

/** A square for each estimate on the line of its interval; a line at nought where an interval holds it. */
export function drawForest(forest: Forest, chart: Chart): SVGElement | HTMLElement {
  const { plot, width, ink } = chart
  const aroundNought = forest.rows.some((row) => (row.low ?? row.estimate) <= 0 && (row.high ?? row.estimate) >= 0)
  // Rows by number: two terms may have lost their names.
  const rows = forest.rows.map((row, index) => ({ ...row, row: String(index) }))
  const { marginLeft, cut } = labels(
    forest.rows.map((row) => row.term),
    width,
  )
  return plot.plot({
    ...baseOf(chart),
    marginLeft,
    marginRight: 24,
    marginBottom: 38,
    x: { grid: true, label: forest.label, nice: true },
    y: {
      label: null,
      type: 'point',
      domain: rows.map((row) => row.row),
      tickFormat: (row: string) => cut(rows[Number(row)]?.term ?? ''),
    },
    marks: [
      ...(aroundNought ? [plot.ruleX([0], { stroke: ink, strokeOpacity: 0.5 })] : []),
      plot.ruleY(
        rows.filter((row) => row.low !== undefined && row.high !== undefined),
        { y: 'row', x1: 'low', x2: 'high', stroke: palette[0], strokeWidth: 2 },
      ),
      plot.dot(rows, { y: 'row', x: 'estimate', fill: palette[0], r: 4.5, symbol: 'square' }),
    ],
  })
}
