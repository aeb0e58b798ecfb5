/**
 * Counts of combinations: how many rows have each tuple of codes of a few columns. Tables are row-major in the order of
 * the columns named.
 */
import type { Codes, Table } from './encode.ts'

/** How many combinations the columns have; `sizes` are those of all columns. */
export const cellsOf = (columns: readonly number[], sizes: readonly number[]): number => {
  let cells = 1
  for (const column of columns) cells *= sizes[column]!
  return cells
}

/** All subsets of 0..all-1 with `size` members, each ascending, in lexicographic order. */
export function subsets(all: number, size: number): number[][] {
  const found: number[][] = []
  const extend = (from: number, chosen: number[]): void => {
    if (chosen.length === size) {
      found.push(chosen)
      return
    }
    for (let i = from; i <= all - (size - chosen.length); i++) extend(i + 1, [...chosen, i])
  }
  extend(0, [])
  return found
}

/** Row-major index of each row over some columns, written into `index`. */
function indexRows(table: Table, columns: readonly number[], sizes: readonly number[], index: Uint32Array): void {
  const first = table.columns[columns[0]!]!
  for (let row = 0; row < index.length; row++) index[row] = first[row]!
  for (const column of columns.slice(1)) {
    const codes = table.columns[column]!
    const size = sizes[column]!
    for (let row = 0; row < index.length; row++) index[row] = index[row]! * size + codes[row]!
  }
}

/** Counts of a table whose last column has these codes; `prefix` is each row's index over the others. */
function countInto(counts: Uint32Array, prefix: Uint32Array, codes: Codes, size: number): void {
  for (let row = 0; row < prefix.length; row++) counts[prefix[row]! * size + codes[row]!]!++
}

/** Counts of one set of columns. */
export function count(table: Table, columns: readonly number[], sizes: readonly number[]): Uint32Array {
  const counts = new Uint32Array(cellsOf(columns, sizes))
  const last = columns.at(-1)!
  const codes = table.columns[last]!
  if (columns.length === 1) {
    for (let row = 0; row < codes.length; row++) counts[codes[row]!]!++
    return counts
  }
  const prefix = new Uint32Array(table.rows)
  indexRows(table, columns.slice(0, -1), sizes, prefix)
  countInto(counts, prefix, codes, sizes[last]!)
  return counts
}

/**
 * Counts of many sets of columns, handed over one at a time with the number of their set; sets that share all but their
 * last column share the work (sort them so that those are neighbours).
 */
export function eachCount(
  table: Table,
  sets: readonly (readonly number[])[],
  sizes: readonly number[],
  take: (counts: Uint32Array, number: number) => void,
): void {
  const prefix = new Uint32Array(table.rows)
  let indexed = ''
  for (const [number, columns] of sets.entries()) {
    if (columns.length < 2) {
      take(count(table, columns, sizes), number)
      continue
    }
    const head = columns.slice(0, -1)
    const key = head.join()
    if (key !== indexed) {
      indexRows(table, head, sizes, prefix)
      indexed = key
    }
    const counts = new Uint32Array(cellsOf(columns, sizes))
    const last = columns.at(-1)!
    countInto(counts, prefix, table.columns[last]!, sizes[last]!)
    take(counts, number)
  }
}

/** Counts of many sets, all kept, in the order of the sets. */
export function countMany(table: Table, sets: readonly (readonly number[])[], sizes: readonly number[]): Uint32Array[] {
  const out: Uint32Array[] = []
  eachCount(table, sets, sizes, (counts) => {
    out.push(counts)
  })
  return out
}
