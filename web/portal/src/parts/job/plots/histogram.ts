/** Counts of bins that lie beside each other. */
import type { Output } from '../../../queries/jobs.ts'
import { palette } from '../../Plot.tsx'
import { baseOf, type Chart, hatch } from './chart.ts'
import { find, kindsOf, numberOf } from './columns.ts'

export interface Histogram {
  kind: 'histogram'
  unit: string
  rows: { from: number; to: number; value: number | undefined }[]
}

/** The bins of an output, with their counts; undefined where it has no such columns or no bin with both ends. */
export function histogramOf(output: Output): Histogram | undefined {
  const from = find(output, 'from', 'low', 'lower', 'left', 'start')
  const to = find(output, 'to', 'high', 'upper', 'right', 'end')
  const value = kindsOf(output).indexOf('count')
  if (from < 0 || to < 0 || value < 0) return undefined
  const rows = output.rows.flatMap((row) => {
    const start = numberOf(row, from)
    const end = numberOf(row, to)
    return start === undefined || end === undefined ? [] : [{ from: start, to: end, value: numberOf(row, value) }]
  })
  return rows.length === 0 ? undefined : { kind: 'histogram', unit: output.columns[from]!.unit ?? '', rows }
}

/** A bar for each bin; a suppressed one is low and hatched. */
export function drawHistogram({ rows, unit }: Histogram, chart: Chart): SVGElement | HTMLElement {
  const { plot, ink } = chart
  const { fill, addTo } = hatch(ink)
  const top = Math.max(1, ...rows.map((row) => row.value ?? 0))
  const known = rows.filter((row) => row.value !== undefined)
  const hidden = rows.filter((row) => row.value === undefined).map((row) => ({ ...row, value: top * 0.12 }))
  const bin = { x1: 'from', x2: 'to', y: 'value', inset: 0.5 }
  return addTo(
    plot.plot({
      ...baseOf(chart),
      marginLeft: 48,
      marginBottom: 38,
      x: { label: unit || null },
      y: { grid: true, label: 'count', ...(rows.length > 0 ? { domain: [0, top] } : {}) },
      marks: [
        plot.rectY(known, { ...bin, fill: palette[0] }),
        plot.rectY(hidden, { ...bin, fill, stroke: ink, strokeOpacity: 0.4 }),
        plot.ruleY([0]),
      ],
    }),
  )
}
