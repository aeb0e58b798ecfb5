/**
 * Counts of combinations: how many rows have each tuple of codes of a few columns. Tables are row-major in the order of
 * the columns named.
 */
import type { Codes, Table } from './encode.ts'

/** How many combinations the columns have. */
export const cellsOf = (columns: readonly number[], sizes: readonly number[]): number => {
  let n = 1
  for (const c of columns) n *= sizes[c]!
  return n
}
/** All k-subsets of 0..d-1, ascending. */
export function subsets(d: number, k: number): number[][] {
  const out: number[][] = []
  const go = (from: number, chosen: number[]): void => {
    if (chosen.length === k) {
      out.push(chosen)
      return
    }
    for (let i = from; i <= d - (k - chosen.length); i++) go(i + 1, [...chosen, i])
  }
  go(0, [])
  return out
}

/** Row-major index of each row over some columns. */
function indices(table: Table, columns: readonly number[], sizes: readonly number[], out?: Uint32Array): Uint32Array {
  const index = out ?? new Uint32Array(table.rows)
  const first = table.columns[columns[0]!]!
  for (let r = 0; r < index.length; r++) index[r] = first[r]!
  for (let i = 1; i < columns.length; i++) {
    const codes = table.columns[columns[i]!]!
    const size = sizes[columns[i]!]!
    for (let r = 0; r < index.length; r++) index[r] = index[r]! * size + codes[r]!
  }
  return index
}

function countInto(out: Uint32Array, prefix: Uint32Array, codes: Codes, size: number): void {
  for (let r = 0; r < prefix.length; r++) out[prefix[r]! * size + codes[r]!]!++
}

/** Counts of one set of columns. */
export function count(table: Table, columns: readonly number[], sizes: readonly number[]): Uint32Array {
  const out = new Uint32Array(cellsOf(columns, sizes))
  if (columns.length === 1) {
    const codes = table.columns[columns[0]!]!
    for (let r = 0; r < codes.length; r++) out[codes[r]!]!++
  } else
    countInto(
      out,
      indices(table, columns.slice(0, -1), sizes),
      table.columns[columns.at(-1)!]!,
      sizes[columns.at(-1)!]!,
    )
  return out
}

/**
 * Counts of many sets of columns, handed over one at a time; sets that share all but their last column share the work
 * (sort them so that those are neighbours).
 */
export function eachCount(
  table: Table,
  sets: readonly (readonly number[])[],
  sizes: readonly number[],
  take: (counts: Uint32Array, i: number) => void,
): void {
  const prefix = new Uint32Array(table.rows)
  let have = ''
  for (const [i, columns] of sets.entries()) {
    if (columns.length < 2) {
      take(count(table, columns, sizes), i)
      continue
    }
    const head = columns.slice(0, -1)
    const key = head.join()
    if (key !== have) {
      indices(table, head, sizes, prefix)
      have = key
    }
    const out = new Uint32Array(cellsOf(columns, sizes))
    const last = columns.at(-1)!
    countInto(out, prefix, table.columns[last]!, sizes[last]!)
    take(out, i)
  }
}

/** Counts of many sets, all kept. */
export function countMany(table: Table, sets: readonly (readonly number[])[], sizes: readonly number[]): Uint32Array[] {
  const out: Uint32Array[] = []
  eachCount(table, sets, sizes, (counts) => {
    out.push(counts)
  })
  return out
}
