/** Which plot an output asks for, and drawing it. A suppressed cell is hatched: it is there, and nobody may know how large. */
import type * as P from '@observablehq/plot'
import { palette } from '../parts/Plot.tsx'
import type { Output } from './data.ts'

type Row = Output['rows'][number]
const text = (row: Row, i: number): string => String(row[i]?.value ?? '–')
const number = (row: Row, i: number): number | undefined => { const v = row[i]?.value; return typeof v === 'number' ? v : undefined }
const find = (o: Output, ...names: string[]): number => { for (const n of names) { const i = o.columns.findIndex((c) => c.name.toLowerCase().replace(/[^a-z0-9]/g, '') === n); if (i >= 0) return i } return -1 }

export interface Bars { kind: 'bars'; label: string; by: string; split: string | undefined; counts: boolean; rows: { group: string; part: string; value: number | undefined }[] }
export interface Forest { kind: 'forest'; label: string; rows: { term: string; estimate: number; low: number | undefined; high: number | undefined }[] }
export interface Histogram { kind: 'histogram'; unit: string; rows: { from: number; to: number; value: number | undefined }[] }
export type Drawing = Bars | Forest | Histogram

const most = 40

/** Estimates with intervals: given ones, or two standard errors to each side. */
function forest(o: Output): Forest | undefined {
  const estimate = find(o, 'estimate', 'coef', 'coefficient', 'value', 'mean'), se = find(o, 'standarderror', 'stderr', 'se', 'stderror'), low = find(o, 'low', 'lower', 'cilow', 'ci025', '25'), high = find(o, 'high', 'upper', 'cihigh', 'ci975', '975')
  if (estimate < 0 || (se < 0 && (low < 0 || high < 0))) return undefined
  const term = o.columns.findIndex((c, i) => i !== estimate && (c.kind === 'group' || /term|name|variable|parameter/i.test(c.name)))
  const rows = o.rows.flatMap((r, i) => {
    const e = number(r, estimate), s = se < 0 ? undefined : number(r, se)
    if (e === undefined) return []
    return [{ term: term < 0 ? (o.rows.length === 1 ? o.name : String(i + 1)) : text(r, term), estimate: e, low: (low < 0 ? undefined : number(r, low)) ?? (s === undefined ? undefined : e - 1.96 * s), high: (high < 0 ? undefined : number(r, high)) ?? (s === undefined ? undefined : e + 1.96 * s) }]
  })
  return rows.length === 0 ? undefined : { kind: 'forest', label: o.columns[estimate]!.unit ? `${o.columns[estimate]!.name} (${o.columns[estimate]!.unit})` : o.columns[estimate]!.name, rows: rows.slice(0, most) }
}

function histogram(o: Output): Histogram | undefined {
  const from = find(o, 'from', 'low', 'lower', 'left', 'start'), to = find(o, 'to', 'high', 'upper', 'right', 'end'), value = o.columns.findIndex((c) => c.kind === 'count')
  if (from < 0 || to < 0 || value < 0) return undefined
  const rows = o.rows.flatMap((r) => { const a = number(r, from), b = number(r, to); return a === undefined || b === undefined ? [] : [{ from: a, to: b, value: number(r, value) }] })
  return rows.length === 0 ? undefined : { kind: 'histogram', unit: o.columns[from]!.unit ?? '', rows }
}

function bars(o: Output): Bars | undefined {
  const groups = o.columns.flatMap((c, i) => (c.kind === 'group' ? [i] : []))
  const count = o.columns.findIndex((c) => c.kind === 'count'), value = count >= 0 ? count : o.columns.findIndex((c) => c.kind === 'value')
  const [by, split] = groups
  if (by === undefined || groups.length > 2 || value < 0 || o.rows.length < 2 || o.rows.length > most) return undefined
  const column = o.columns[value]!
  return { kind: 'bars', label: column.unit ? `${column.name} (${column.unit})` : column.name, by: o.columns[by]!.name, split: split === undefined ? undefined : o.columns[split]!.name, counts: column.kind === 'count', rows: o.rows.map((r) => ({ group: text(r, by), part: split === undefined ? '' : text(r, split), value: number(r, value) })) }
}

export const drawingOf = (o: Output): Drawing | undefined => (o.type === 'estimate' || o.type === 'model' ? forest(o) : o.type === 'histogram' ? histogram(o) : forest(o) ?? bars(o))
export const heightOf = (d: Drawing): number => (d.kind === 'histogram' ? 248 : d.kind === 'forest' ? 70 + 28 * d.rows.length : 66 + (d.split ? 26 : 30) * d.rows.length + 8 * new Set(d.rows.map((r) => r.group)).size)

let patterns = 0
/** Lines across what is suppressed; each drawing has a pattern of its own. */
function hatch(svg: SVGElement | HTMLElement, id: string, ink: string): void {
  const target = svg instanceof SVGElement ? svg : svg.querySelector('svg:last-of-type')
  target?.insertAdjacentHTML('afterbegin', `<defs><pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="6" stroke="${ink}" stroke-width="1.6" stroke-opacity="0.65"/></pattern></defs>`)
}

/** Draws it; the caller keeps it stable. */
export function draw(plot: typeof P, d: Drawing, width: number, ink: string): SVGElement | HTMLElement {
  const id = `hatch-${++patterns}`
  const base = { width, height: heightOf(d), style: { background: 'transparent', color: ink, fontSize: '12px', fontFamily: 'inherit' } }
  if (d.kind === 'forest') {
    const spread = d.rows.some((r) => (r.low ?? r.estimate) <= 0 && (r.high ?? r.estimate) >= 0)
    return plot.plot({ ...base, marginLeft: Math.min(width / 2.4, 24 + 7 * Math.max(...d.rows.map((r) => r.term.length))), marginRight: 24, marginBottom: 38, x: { grid: true, label: d.label, nice: true }, y: { label: null, domain: d.rows.map((r) => r.term) },
      marks: [...(spread ? [plot.ruleX([0], { stroke: ink, strokeOpacity: 0.5 })] : []), plot.ruleY(d.rows.filter((r) => r.low !== undefined && r.high !== undefined), { y: 'term', x1: 'low', x2: 'high', stroke: palette[0], strokeWidth: 2 }), plot.dot(d.rows, { y: 'term', x: 'estimate', fill: palette[0], r: 4.5, symbol: 'square' })] })
  }
  if (d.kind === 'histogram') {
    const top = Math.max(1, ...d.rows.map((r) => r.value ?? 0)), hidden = d.rows.filter((r) => r.value === undefined).map((r) => ({ ...r, value: top * 0.12 }))
    const svg = plot.plot({ ...base, marginLeft: 48, marginBottom: 38, x: { label: d.unit || null }, y: { grid: true, label: 'count', ...(d.rows.length > 0 ? { domain: [0, top] } : {}) }, marks: [plot.rectY(d.rows.filter((r) => r.value !== undefined), { x1: 'from', x2: 'to', y: 'value', fill: palette[0], inset: 0.5 }), plot.rectY(hidden, { x1: 'from', x2: 'to', y: 'value', fill: `url(#${id})`, stroke: ink, strokeOpacity: 0.4, inset: 0.5 }), plot.ruleY([0])] })
    hatch(svg, id, ink)
    return svg
  }
  const low = Math.min(0, ...d.rows.map((r) => r.value ?? 0)), high = Math.max(0, ...d.rows.map((r) => r.value ?? 0)) || 1
  const hidden = d.rows.filter((r) => r.value === undefined).map((r) => ({ ...r, value: high * 0.08 }))
  const groups = [...new Set(d.rows.map((r) => r.group))], parts = [...new Set(d.rows.map((r) => r.part))]
  const margin = Math.min(width / 2.6, 24 + 7 * Math.max(...groups.map((g) => g.length)))
  const known = d.rows.filter((r) => r.value !== undefined)
  const tip = { fill: ink, textAnchor: 'start' as const, dx: 6, fontSize: 12 }
  const svg = d.split
    ? plot.plot({ ...base, marginLeft: margin, marginRight: 64, marginBottom: 38, x: { grid: true, label: d.label, domain: [low, high], nice: true }, y: { axis: null, domain: parts }, fy: { label: null, domain: groups, padding: 0.15 }, color: { legend: true, domain: parts, range: [...palette] },
        marks: [plot.barX(known, { x: 'value', y: 'part', fy: 'group', fill: 'part' }), plot.barX(hidden, { x: 'value', y: 'part', fy: 'group', fill: `url(#${id})`, stroke: ink, strokeOpacity: 0.4 }), plot.text(hidden, { x: 'value', y: 'part', fy: 'group', text: () => 'suppressed', ...tip, fontStyle: 'italic' }), plot.ruleX([0])] })
    : plot.plot({ ...base, marginLeft: margin, marginRight: 64, marginBottom: 38, x: { grid: true, label: d.label, domain: [low, high], nice: true }, y: { label: null, domain: groups },
        marks: [plot.barX(known, { x: 'value', y: 'group', fill: palette[0], insetTop: 3, insetBottom: 3 }), plot.text(known, { x: 'value', y: 'group', text: (r: (typeof known)[number]) => (r.value ?? 0).toLocaleString('en', { maximumSignificantDigits: 4 }), ...tip }), plot.barX(hidden, { x: 'value', y: 'group', fill: `url(#${id})`, stroke: ink, strokeOpacity: 0.4, insetTop: 3, insetBottom: 3 }), plot.text(hidden, { x: 'value', y: 'group', text: () => 'suppressed', ...tip, fontStyle: 'italic' }), plot.ruleX([0])] })
  hatch(svg, id, ink)
  return svg
}
