/** One figure a group, or one a part of each group. */
import type { Output } from '../../../queries/jobs.ts'
import { palette } from '../../Plot.tsx'
import { baseOf, type Chart, hatch, labels, mostRows } from './chart.ts'
import { kindsOf, labelOf, numberOf, textOf } from './columns.ts'

export interface Bars {
  kind: 'bars'
  label: string
  by: string
  split: string | undefined
  rows: { group: string; part: string; value: number | undefined }[]
}

/**
 * Figures by one or two groups; undefined where there is nothing to compare, or where two bars would lie on each other.
 */
export function barsOf(output: Output): Bars | undefined {
  const kinds = kindsOf(output)
  const groups = kinds.flatMap((kind, index) => (kind === 'group' ? [index] : []))
  const value = kinds.includes('count') ? kinds.indexOf('count') : kinds.indexOf('value')
  const [by, split] = groups
  if (by === undefined || groups.length > 2 || value < 0) return undefined
  if (output.rows.length < 2 || output.rows.length > mostRows) return undefined
  const rows = output.rows.map((row) => ({
    group: textOf(row, by),
    part: split === undefined ? '' : textOf(row, split),
    value: numberOf(row, value),
  }))
  const places = new Set(rows.map((row) => JSON.stringify([row.group, row.part])))
  if (rows.every((row) => row.value === undefined) || places.size < rows.length) return undefined
  return {
    kind: 'bars',
    label: labelOf(output.columns[value]!),
    by: output.columns[by]!.name,
    split: split === undefined ? undefined : output.columns[split]!.name,
    rows,
  }
}

type BarRow = Bars['rows'][number]
const isKnown = (row: BarRow): boolean => row.value !== undefined
const figureOf = (row: BarRow): string => (row.value ?? 0).toLocaleString('en', { maximumSignificantDigits: 4 })

/** A bar for each figure, with the figure at its end; a suppressed one is short and hatched. */
export function drawBars({ rows, label, split }: Bars, chart: Chart): SVGElement | HTMLElement {
  const { plot, width, ink } = chart
  const { fill, addTo } = hatch(ink)
  const low = Math.min(0, ...rows.map((row) => row.value ?? 0))
  const high = Math.max(0, ...rows.map((row) => row.value ?? 0)) || 1
  const known = rows.filter(isKnown)
  const hidden = rows.filter((row) => !isKnown(row)).map((row) => ({ ...row, value: high * 0.08 }))
  const groups = [...new Set(rows.map((row) => row.group))]
  const parts = [...new Set(rows.map((row) => row.part))]
  const { marginLeft, cut } = labels(split ? parts : groups, width)
  const place = split ? { x: 'value', y: 'part', fy: 'group' } : { x: 'value', y: 'group' }
  const inset = split ? { insetTop: 2, insetBottom: 2 } : { insetTop: 3, insetBottom: 3 }
  const beside = { ...place, fill: ink, textAnchor: 'start' as const, dx: 6, fontSize: 12 }
  const names = groups.map((group) => ({ group }))
  const nameOfGroup = {
    fy: 'group',
    text: 'group',
    frameAnchor: 'top-left',
    dy: -14,
    fill: ink,
    fontWeight: 600,
  } as const
  return addTo(
    plot.plot({
      ...baseOf(chart),
      marginLeft,
      marginRight: 72,
      marginBottom: 38,
      ...(split ? { marginTop: 24, fy: { axis: null, domain: groups, padding: 0.2 } } : {}),
      x: { grid: true, label, domain: [low, high], nice: true },
      y: { label: null, domain: split ? parts : groups, tickFormat: cut },
      marks: [
        ...(split ? [plot.text(names, nameOfGroup)] : []),
        plot.barX(known, { ...place, ...inset, fill: palette[0] }),
        plot.text(known, { ...beside, text: figureOf }),
        plot.barX(hidden, { ...place, ...inset, fill, stroke: ink, strokeOpacity: 0.4 }),
        plot.text(hidden, { ...beside, text: () => 'suppressed', fontStyle: 'italic' }),
        plot.ruleX([0]),
      ],
    }),
  )
}
