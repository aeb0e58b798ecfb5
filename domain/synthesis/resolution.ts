/**
 * At which resolution columns are modelled together. Fine codes are grouped: long ordered columns onto a public grid of
 * about twenty steps before anything is measured, then groups whose noisy count is lost in its noise are merged with
 * their neighbours (ordered) or with each other (categories). Within a group the fine codes follow the noisy one-way
 * counts, independently of the other columns.
 */
import { type Column, listedSize, sizeOf } from './column-domain.ts'
import { type Codes, codesFor, type Table } from './encode.ts'
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
 * What a column is to the grid: how many codes, how many of them (from 0) are in order; 0 where order means nothing.
 */
export interface Shape {
  size: number
  ordered: number
}

/** Ordered columns are modelled together in about this many steps. */
export const gridSteps = 20

/** What a column of the domain is to the grid. */
export const shapeOf = (column: Column): Shape => ({
  size: sizeOf(column),
  ordered: column.kind === 'categorical' ? 0 : listedSize(column),
})

/** Numbers for labels, in the order in which they first appear. */
const numbered = (labels: readonly string[]): { of: Uint32Array; groups: number } => {
  const numbers = new Map<string, number>()
  const of = new Uint32Array(labels.length)
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!
    if (!numbers.has(label)) numbers.set(label, numbers.size)
    of[i] = numbers.get(label)!
  }
  return { of, groups: numbers.size }
}

/** Fine codes of each group, ascending. */
export function membersOf(grouping: Grouping): number[][] {
  const members = Array.from({ length: grouping.groups }, () => [] as number[])
  for (let code = 0; code < grouping.of.length; code++) members[grouping.of[code]!]!.push(code)
  return members
}

/**
 * Codes of a column that rules tell apart have different signatures; codes with the same one may share a group. One
 * signature for each of the `size` codes; `sizes` are those of all columns, at the resolution of `allowed`.
 */
export function signatures(
  size: number,
  column: number,
  sizes: readonly number[],
  allowed: readonly Allowed[],
): string[] {
  const marks = Array.from({ length: size }, () => '')
  for (const table of allowed) {
    const at = table.columns.indexOf(column)
    if (at < 0) continue
    const inner = cellsOf(table.columns.slice(at + 1), sizes)
    const slices = Array.from({ length: size }, () => [] as number[])
    for (let i = 0; i < table.cells.length; i++) slices[Math.floor(i / inner) % size]!.push(table.cells[i]!)
    const { of } = numbered(slices.map((slice) => slice.join('')))
    for (const [code, number] of of.entries()) marks[code] += `${number};`
  }
  return marks
}

/**
 * The public grid: ordered columns longer than `steps` + 4 in steps of equal width, everything else as it is. Groups
 * hold codes of one signature only. All weights are 1.
 */
export function grid(shape: Shape, steps: number, signature: readonly string[]): Grouping {
  const width = shape.ordered > steps + 4 ? Math.ceil(shape.ordered / steps) : 1
  const labels = Array.from({ length: shape.size }, (_, code) =>
    code < shape.ordered ? `${Math.floor(code / width)}|${signature[code]!}` : `own${code}`,
  )
  return { ...numbered(labels), weights: new Float64Array(shape.size).fill(1) }
}

/** Sums of fine counts by group: one number for each group. */
export function sumGroups(grouping: Grouping, counts: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(grouping.groups)
  for (let code = 0; code < counts.length; code++) sums[grouping.of[code]!]! += counts[code]!
  return sums
}

/** A group as merging sees it: its noisy count, the signature of its codes and whether they are in order. */
interface Group {
  noisyCount: number
  signature: string
  inOrder: boolean
}

/** Labels of groups in an ordered column: neighbours that are merged have one label. */
function labelsOfRuns(groups: readonly Group[], least: number): string[] {
  const labels = groups.map((_, number) => String(number))
  let run: number[] = []
  let sum = 0
  const close = (): void => {
    for (const number of run) labels[number] = `run${run[0]!}`
    run = []
    sum = 0
  }
  for (const [number, { noisyCount, signature, inOrder }] of groups.entries()) {
    if (!inOrder || noisyCount >= least) {
      close()
      continue
    }
    if (run.length && groups[run[0]!]!.signature !== signature) close()
    run.push(number)
    sum += Math.max(0, noisyCount)
    if (sum >= least) close()
  }
  close()
  return labels
}

/**
 * Merges groups whose noisy count is below `least`: neighbours in an ordered column until they are together above it,
 * all of them into one otherwise. Only groups of one signature are merged. `noisyCounts` has one number for each group.
 */
export function merged(
  grouping: Grouping,
  shape: Shape,
  signature: readonly string[],
  noisyCounts: Float64Array,
  least: number,
): Grouping {
  const groups = membersOf(grouping).map(([first], number): Group => ({
    noisyCount: noisyCounts[number]!,
    signature: signature[first!]!,
    inOrder: first! < shape.ordered,
  }))
  const labels =
    shape.ordered > 0
      ? labelsOfRuns(groups, least)
      : groups.map((group, number) => (group.noisyCount < least ? `rest${group.signature}` : String(number)))
  const renumbered = numbered(labels)
  return {
    of: grouping.of.map((number) => renumbered.of[number]!),
    groups: renumbered.groups,
    weights: grouping.weights,
  }
}

/** A table over groups instead of fine codes, `groupings` by column. Columns that are not grouped are shared. */
export function coarsen(table: Table, groupings: readonly Grouping[]): Table {
  return {
    rows: table.rows,
    columns: table.columns.map((codes, column) => {
      const grouping = groupings[column]!
      if (grouping.groups === grouping.of.length) return codes
      const coarse = codesFor(grouping.groups, table.rows)
      for (let row = 0; row < codes.length; row++) coarse[row] = grouping.of[codes[row]!]!
      return coarse
    }),
  }
}

/**
 * Structural tables over groups: a combination of groups is possible when its codes are (groups never mix signatures).
 * `sizes` are the fine ones.
 */
export function coarsenAllowed(
  allowed: readonly Allowed[],
  sizes: readonly number[],
  groupings: readonly Grouping[],
): Allowed[] {
  const coarseSizes = groupings.map((grouping) => grouping.groups)
  return allowed.map(({ columns, cells: fine }) => {
    const cells = new Uint8Array(cellsOf(columns, coarseSizes))
    for (let i = 0; i < fine.length; i++) {
      if (fine[i] === 0) continue
      let rest = i
      let at = 0
      let stride = 1
      for (const column of columns.toReversed()) {
        const size = sizes[column]!
        at += groupings[column]!.of[rest % size]! * stride
        stride *= coarseSizes[column]!
        rest = Math.floor(rest / size)
      }
      cells[at] = 1
    }
    return { columns, cells }
  })
}

/** Fine codes for groups: within each group in proportion to the weights, with counts as exact as can be. */
export function refine(codes: Codes, grouping: Grouping, stream: Stream): Codes {
  if (grouping.groups === grouping.of.length) return codes
  const fine = codesFor(grouping.of.length, codes.length)
  const { order, starts } = grouped(Uint32Array.from(codes), grouping.groups, stream)
  const chosen = new Uint32Array(codes.length)
  for (const [group, members] of membersOf(grouping).entries()) {
    const weights = members.map((code) => grouping.weights[code]!)
    const from = starts[group]!
    const to = starts[group + 1]!
    allot(order, from, to, weights, 0, weights.length, chosen, stream)
    for (let i = from; i < to; i++) fine[order[i]!] = members[chosen[order[i]!]!]!
  }
  return fine
}
