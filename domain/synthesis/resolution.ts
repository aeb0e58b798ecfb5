/**
 * At which resolution columns are modelled together. Fine codes are grouped: long ordered columns onto a public grid of
 * about twenty steps before anything is measured, then groups whose noisy count is lost in its noise are merged with
 * their neighbours (ordered) or with each other (categories). Within a group the fine codes follow the noisy one-way
 * counts, independently of the other columns.
 */
import type { Codes, Table } from './encode.ts'
import { codesFor } from './encode.ts'
import { cellsOf } from './marginals.ts'
import type { Allowed } from './rules.ts'
import type { Stream } from './stream.ts'
import { allot, grouped } from './sample.ts'

/**
 * For each fine code its group, groups numbered 0..groups-1 in the order of their first code; `weights` are expected
 * counts of fine codes (any scale).
 */
export interface Grouping {
  of: Uint32Array
  groups: number
  weights: Float64Array
}

/**
 * What a column is to the grid: how many codes, how many of them (from 0) are in order, whether the order means
 * anything.
 */
export interface Shape {
  size: number
  ordered: number
}

const numbered = (labels: ArrayLike<number | string>): { of: Uint32Array; groups: number } => {
  const names = new Map<number | string, number>()
  const of = new Uint32Array(labels.length)
  for (let i = 0; i < labels.length; i++) {
    if (!names.has(labels[i]!)) names.set(labels[i]!, names.size)
    of[i] = names.get(labels[i]!)!
  }
  return { of, groups: names.size }
}

/** Codes of a column that rules tell apart have different signatures; codes with the same one may share a group. */
export function signatures(
  size: number,
  column: number,
  sizes: readonly number[],
  allowed: readonly Allowed[],
): string[] {
  const out = Array.from({ length: size }, () => '')
  for (const a of allowed) {
    const at = a.columns.indexOf(column)
    if (at < 0) continue
    const inner = cellsOf(a.columns.slice(at + 1), sizes)
    const rows = Array.from({ length: size }, () => [] as number[])
    for (let i = 0; i < a.cells.length; i++) rows[Math.floor(i / inner) % size]!.push(a.cells[i]!)
    const names = new Map<string, number>()
    for (const [code, r] of rows.entries()) {
      const k = r.join('')
      if (!names.has(k)) names.set(k, names.size)
      out[code] += `${names.get(k)!};`
    }
  }
  return out
}

/** The public grid: ordered columns longer than `steps` + 4 in steps of equal width, everything else as it is. */
export function grid(shape: Shape, steps: number, signature: readonly string[]): Grouping {
  const width = shape.ordered > steps + 4 ? Math.ceil(shape.ordered / steps) : 1
  const labels = Array.from({ length: shape.size }, (_, i) =>
    i < shape.ordered ? `${Math.floor(i / width)}|${signature[i]!}` : `own${i}`,
  )
  return { ...numbered(labels), weights: new Float64Array(shape.size).fill(1) }
}

/** Sums of fine counts by group. */
export function sumGroups(g: Grouping, counts: ArrayLike<number>): Float64Array {
  const out = new Float64Array(g.groups)
  for (let i = 0; i < counts.length; i++) out[g.of[i]!]! += counts[i]!
  return out
}

/**
 * Merges groups whose noisy count is below `least`: neighbours in an ordered column until they are together above it,
 * all of them into one otherwise. Only groups of one signature are merged.
 */
export function merged(
  g: Grouping,
  shape: Shape,
  signature: readonly string[],
  noisy: Float64Array,
  least: number,
): Grouping {
  const first = new Map<number, number>()
  for (let i = 0; i < shape.size; i++) if (!first.has(g.of[i]!)) first.set(g.of[i]!, i)
  const label = Array.from({ length: g.groups }, (_, i) => String(i))
  const mark = (k: number): string => signature[first.get(k)!]!
  const inOrder = (k: number): boolean => first.get(k)! < shape.ordered
  if (shape.ordered > 0) {
    let run: number[] = []
    let sum = 0
    const close = (): void => {
      for (const k of run) label[k] = `run${run[0]!}`
      run = []
      sum = 0
    }
    for (let k = 0; k < g.groups; k++) {
      if (!inOrder(k) || noisy[k]! >= least) {
        close()
        continue
      }
      if (run.length && mark(run[0]!) !== mark(k)) close()
      run.push(k)
      sum += Math.max(0, noisy[k]!)
      if (sum >= least) close()
    }
    close()
  } else for (let k = 0; k < g.groups; k++) if (noisy[k]! < least) label[k] = `rest${mark(k)}`
  const { of, groups } = numbered(label)
  return numberedBy(g, of, groups)
}

function numberedBy(g: Grouping, map: Uint32Array, groups: number): Grouping {
  return { of: g.of.map((k) => map[k]!), groups, weights: g.weights }
}

/** A table over groups instead of fine codes. Columns that are not grouped are shared. */
export function coarsen(table: Table, groupings: readonly Grouping[]): Table {
  return {
    rows: table.rows,
    columns: table.columns.map((codes, c) => {
      const g = groupings[c]!
      if (g.groups === g.of.length) return codes
      const out = codesFor(g.groups, table.rows)
      for (let r = 0; r < codes.length; r++) out[r] = g.of[codes[r]!]!
      return out
    }),
  }
}

/**
 * Structural tables over groups: a combination of groups is possible when its codes are (groups never mix signatures).
 */
export function coarsenAllowed(
  allowed: readonly Allowed[],
  sizes: readonly number[],
  groupings: readonly Grouping[],
): Allowed[] {
  return allowed.map((a) => {
    const cells = new Uint8Array(
      cellsOf(
        a.columns,
        groupings.map((g) => g.groups),
      ),
    )
    for (let i = 0; i < a.cells.length; i++) {
      let rest = i
      let at = 0
      let scale = 1
      for (let k = a.columns.length - 1; k >= 0; k--) {
        const c = a.columns[k]!
        const size = sizes[c]!
        at += groupings[c]!.of[rest % size]! * scale
        scale *= groupings[c]!.groups
        rest = Math.floor(rest / size)
      }
      if (a.cells[i]) cells[at] = 1
    }
    return { columns: a.columns, cells }
  })
}

/** Fine codes for groups: within each group in proportion to the weights, with counts as exact as can be. */
export function refine(codes: Codes, g: Grouping, stream: Stream): Codes {
  if (g.groups === g.of.length) return codes
  const out = codesFor(g.of.length, codes.length)
  const members = Array.from({ length: g.groups }, () => [] as number[])
  for (let i = 0; i < g.of.length; i++) members[g.of[i]!]!.push(i)
  const { order, starts } = grouped(Uint32Array.from(codes), g.groups, stream)
  const chosen = new Uint32Array(codes.length)
  for (let k = 0; k < g.groups; k++) {
    const weights = members[k]!.map((i) => g.weights[i]!)
    allot(order, starts[k]!, starts[k + 1]!, weights, 0, weights.length, chosen, stream)
    for (let i = starts[k]!; i < starts[k + 1]!; i++) out[order[i]!] = members[k]![chosen[order[i]!]!]!
  }
  return out
}
