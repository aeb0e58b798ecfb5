/**
 * Which plot an output asks for, and drawing it. A suppressed cell is hatched: it is there, and nobody may know how
 * large.
 */
import type * as P from '@observablehq/plot'
import { palette } from '../Plot.tsx'
import type { Output } from '../../queries/jobs.ts'

type Row = Output['rows'][number]
const text = (row: Row, index: number): string => {
  const cell = row[index]
  return cell?.suppressed ? 'suppressed' : String(cell?.value ?? 'missing')
}
const number = (row: Row, index: number): number | undefined => {
  const value = row[index]?.value
  return typeof value === 'number' ? value : undefined
}
const find = (output: Output, ...names: string[]): number => {
  for (const n of names) {
    const index = output.columns.findIndex((column) => column.name.toLowerCase().replace(/[^a-z0-9]/g, '') === n)
    if (index >= 0) return index
  }
  return -1
}

/** What each column is: as the gate says, or, where nobody has said it yet, by its name and its cells. */
const kindsOf = (output: Output): ColumnKind[] =>
  output.columns.map(({ kind, name }, index) => kind ?? guessed(output, name, index))
type ColumnKind = 'group' | 'count' | 'value'
function guessed(output: Output, name: string, index: number): ColumnKind {
  if (output.rows.some((row) => typeof row[index]?.value === 'string')) return 'group'
  return /^(n|counts?|people|subjects|patients|frequency)$/i.test(name) ? 'count' : 'value'
}

export interface Bars {
  kind: 'bars'
  label: string
  by: string
  split: string | undefined
  rows: { group: string; part: string; value: number | undefined }[]
}
export interface Forest {
  kind: 'forest'
  label: string
  rows: { term: string; estimate: number; low: number | undefined; high: number | undefined }[]
}
export interface Histogram {
  kind: 'histogram'
  unit: string
  rows: { from: number; to: number; value: number | undefined }[]
}
export type Drawing = Bars | Forest | Histogram

const most = 40

/** Estimates with intervals: given ones, or two standard errors to each side. */
function forest(output: Output): Forest | undefined {
  const estimate = find(output, 'estimate', 'coef', 'coefficient', 'value', 'mean')
  const se = find(output, 'standarderror', 'stderr', 'se', 'stderror')
  const low = find(output, 'low', 'lower', 'cilow', 'ci025', '25')
  const high = find(output, 'high', 'upper', 'cihigh', 'ci975', '975')
  if (estimate < 0 || (se < 0 && (low < 0 || high < 0))) return undefined
  const kinds = kindsOf(output)
  const term = output.columns.findIndex(
    (c, i) => i !== estimate && (kinds[i] === 'group' || /term|name|variable|parameter/i.test(c.name)),
  )
  const unnamed = (row: number) => (output.rows.length === 1 ? output.name : String(row + 1))
  const rows = output.rows.flatMap((row, index) => {
    const at = number(row, estimate)
    const error = se < 0 ? undefined : number(row, se)
    if (at === undefined) return []
    return [
      {
        term: term < 0 ? unnamed(index) : text(row, term),
        estimate: at,
        low: (low < 0 ? undefined : number(row, low)) ?? (error === undefined ? undefined : at - 1.96 * error),
        high: (high < 0 ? undefined : number(row, high)) ?? (error === undefined ? undefined : at + 1.96 * error),
      },
    ]
  })
  return rows.length === 0
    ? undefined
    : {
        kind: 'forest',
        label: output.columns[estimate]!.unit
          ? `${output.columns[estimate]!.name} (${output.columns[estimate]!.unit})`
          : output.columns[estimate]!.name,
        rows: rows.slice(0, most),
      }
}

function histogram(output: Output): Histogram | undefined {
  const from = find(output, 'from', 'low', 'lower', 'left', 'start')
  const to = find(output, 'to', 'high', 'upper', 'right', 'end')
  const value = kindsOf(output).indexOf('count')
  if (from < 0 || to < 0 || value < 0) return undefined
  const rows = output.rows.flatMap((row) => {
    const start = number(row, from)
    const end = number(row, to)
    return start === undefined || end === undefined ? [] : [{ from: start, to: end, value: number(row, value) }]
  })
  return rows.length === 0 ? undefined : { kind: 'histogram', unit: output.columns[from]!.unit ?? '', rows }
}

function bars(output: Output): Bars | undefined {
  const kinds = kindsOf(output)
  const groups = kinds.flatMap((k, i) => (k === 'group' ? [i] : []))
  const value = kinds.includes('count') ? kinds.indexOf('count') : kinds.indexOf('value')
  const [by, split] = groups
  if (by === undefined || groups.length > 2 || value < 0 || output.rows.length < 2 || output.rows.length > most)
    return undefined
  const column = output.columns[value]!
  const rows = output.rows.map((row) => ({
    group: text(row, by),
    part: split === undefined ? '' : text(row, split),
    value: number(row, value),
  }))
  // Nothing to compare, or two rows that would lie on each other.
  if (
    rows.every((r) => r.value === undefined) ||
    new Set(rows.map((r) => JSON.stringify([r.group, r.part]))).size < rows.length
  )
    return undefined
  return {
    kind: 'bars',
    label: column.unit ? `${column.name} (${column.unit})` : column.name,
    by: output.columns[by]!.name,
    split: split === undefined ? undefined : output.columns[split]!.name,
    rows,
  }
}

/** The drawing that says more of an output than its table, if there is one. */
export function drawingOf(output: Output): Drawing | undefined {
  if (output.type === 'estimate' || output.type === 'model') return forest(output)
  return output.type === 'histogram' ? histogram(output) : (forest(output) ?? bars(output))
}
/** In pixels. */
export function heightOf(drawing: Drawing): number {
  if (drawing.kind === 'histogram') return 248
  if (drawing.kind === 'forest') return 70 + 28 * drawing.rows.length
  if (!drawing.split) return 66 + 30 * drawing.rows.length
  return 66 + 22 * drawing.rows.length + 34 * new Set(drawing.rows.map((row) => row.group)).size
}

let patterns = 0
/** Lines across what is suppressed; each drawing has a pattern of its own. */
function hatch(svg: SVGElement | HTMLElement, id: string, ink: string): void {
  const target = svg instanceof SVGElement ? svg : svg.querySelector('svg:last-of-type')
  target?.insertAdjacentHTML(
    'afterbegin',
    `<defs><pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" stroke="${ink}" stroke-width="1.6" stroke-opacity="0.65"/></pattern></defs>`,
  )
}

/** Room for labels at the left, and labels cut to it. */
function labels(texts: readonly string[], width: number): { marginLeft: number; cut: (t: string) => string } {
  const marginLeft = Math.min(Math.round(width / 2.5), 24 + 7 * Math.max(0, ...texts.map((t) => t.length)))
  const most = Math.max(6, Math.floor((marginLeft - 20) / 6.6))
  return { marginLeft, cut: (t) => (t.length > most ? `${t.slice(0, most - 1)}…` : t) }
}

/** Draws it; the caller keeps it stable. */
export function draw(plot: typeof P, drawing: Drawing, width: number, ink: string): SVGElement | HTMLElement {
  const id = `hatch-${++patterns}`
  const base = {
    width,
    height: heightOf(drawing),
    style: { background: 'transparent', color: ink, fontSize: '12px', fontFamily: 'inherit' },
  }
  if (drawing.kind === 'forest') {
    const spread = drawing.rows.some((r) => (r.low ?? r.estimate) <= 0 && (r.high ?? r.estimate) >= 0)
    // Rows by number: two terms may have lost their names.
    const rows = drawing.rows.map((r, i) => ({ ...r, row: String(i) }))
    const { marginLeft, cut } = labels(
      drawing.rows.map((r) => r.term),
      width,
    )
    return plot.plot({
      ...base,
      marginLeft,
      marginRight: 24,
      marginBottom: 38,
      x: { grid: true, label: drawing.label, nice: true },
      y: {
        label: null,
        type: 'point',
        domain: rows.map((r) => r.row),
        tickFormat: (i: string) => cut(rows[Number(i)]?.term ?? ''),
      },
      marks: [
        ...(spread ? [plot.ruleX([0], { stroke: ink, strokeOpacity: 0.5 })] : []),
        plot.ruleY(
          rows.filter((r) => r.low !== undefined && r.high !== undefined),
          { y: 'row', x1: 'low', x2: 'high', stroke: palette[0], strokeWidth: 2 },
        ),
        plot.dot(rows, { y: 'row', x: 'estimate', fill: palette[0], r: 4.5, symbol: 'square' }),
      ],
    })
  }
  if (drawing.kind === 'histogram') {
    const top = Math.max(1, ...drawing.rows.map((r) => r.value ?? 0))
    const hidden = drawing.rows.filter((r) => r.value === undefined).map((r) => ({ ...r, value: top * 0.12 }))
    const svg = plot.plot({
      ...base,
      marginLeft: 48,
      marginBottom: 38,
      x: { label: drawing.unit || null },
      y: { grid: true, label: 'count', ...(drawing.rows.length > 0 ? { domain: [0, top] } : {}) },
      marks: [
        plot.rectY(
          drawing.rows.filter((r) => r.value !== undefined),
          { x1: 'from', x2: 'to', y: 'value', fill: palette[0], inset: 0.5 },
        ),
        plot.rectY(hidden, {
          x1: 'from',
          x2: 'to',
          y: 'value',
          fill: `url(#${id})`,
          stroke: ink,
          strokeOpacity: 0.4,
          inset: 0.5,
        }),
        plot.ruleY([0]),
      ],
    })
    hatch(svg, id, ink)
    return svg
  }
  const low = Math.min(0, ...drawing.rows.map((r) => r.value ?? 0))
  const high = Math.max(0, ...drawing.rows.map((r) => r.value ?? 0)) || 1
  const hidden = drawing.rows.filter((r) => r.value === undefined).map((r) => ({ ...r, value: high * 0.08 }))
  const groups = [...new Set(drawing.rows.map((r) => r.group))]
  const parts = [...new Set(drawing.rows.map((r) => r.part))]
  const { marginLeft, cut } = labels(drawing.split ? parts : groups, width)
  const known = drawing.rows.filter((r) => r.value !== undefined)
  const tip = { fill: ink, textAnchor: 'start' as const, dx: 6, fontSize: 12 }
  const figure = (r: (typeof known)[number]) => (r.value ?? 0).toLocaleString('en', { maximumSignificantDigits: 4 })
  const svg = drawing.split
    ? plot.plot({
        ...base,
        marginLeft,
        marginRight: 72,
        marginTop: 24,
        marginBottom: 38,
        x: { grid: true, label: drawing.label, domain: [low, high], nice: true },
        y: { label: null, domain: parts, tickFormat: cut },
        fy: { axis: null, domain: groups, padding: 0.2 },
        marks: [
          plot.text(
            groups.map((group) => ({ group })),
            { fy: 'group', text: 'group', frameAnchor: 'top-left', dy: -14, fill: ink, fontWeight: 600 },
          ),
          plot.barX(known, { x: 'value', y: 'part', fy: 'group', fill: palette[0], insetTop: 2, insetBottom: 2 }),
          plot.text(known, { x: 'value', y: 'part', fy: 'group', text: figure, ...tip }),
          plot.barX(hidden, {
            x: 'value',
            y: 'part',
            fy: 'group',
            fill: `url(#${id})`,
            stroke: ink,
            strokeOpacity: 0.4,
            insetTop: 2,
            insetBottom: 2,
          }),
          plot.text(hidden, {
            x: 'value',
            y: 'part',
            fy: 'group',
            text: () => 'suppressed',
            ...tip,
            fontStyle: 'italic',
          }),
          plot.ruleX([0]),
        ],
      })
    : plot.plot({
        ...base,
        marginLeft,
        marginRight: 72,
        marginBottom: 38,
        x: { grid: true, label: drawing.label, domain: [low, high], nice: true },
        y: { label: null, domain: groups, tickFormat: cut },
        marks: [
          plot.barX(known, { x: 'value', y: 'group', fill: palette[0], insetTop: 3, insetBottom: 3 }),
          plot.text(known, { x: 'value', y: 'group', text: figure, ...tip }),
          plot.barX(hidden, {
            x: 'value',
            y: 'group',
            fill: `url(#${id})`,
            stroke: ink,
            strokeOpacity: 0.4,
            insetTop: 3,
            insetBottom: 3,
          }),
          plot.text(hidden, { x: 'value', y: 'group', text: () => 'suppressed', ...tip, fontStyle: 'italic' }),
          plot.ruleX([0]),
        ],
      })
  hatch(svg, id, ink)
  return svg
}
