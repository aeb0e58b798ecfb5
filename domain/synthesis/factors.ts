/** Products of two tables summed over some of their columns, as products of matrices. */
import { projection } from './axes.ts'
import { cellsOf } from './marginals.ts'

/** A table over columns in the order named, row-major. */
export interface Factor {
  columns: number[]
  values: Float64Array
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])

/** Tables in other orders, for as long as the table itself is kept: the same few are asked for again and again. */
const orders = new WeakMap<Factor, Map<string, Float64Array>>()

/** The table's values with its columns in another order. */
export function ordered(f: Factor, columns: readonly number[], sizes: readonly number[]): Float64Array {
  if (same(f.columns, columns)) return f.values
  let known = orders.get(f)
  if (!known) orders.set(f, (known = new Map()))
  const key = columns.join()
  const before = known.get(key)
  if (before) return before
  const p = projection(f.columns, columns, sizes)
  const out = new Float64Array(f.values.length)
  for (let i = 0; i < p.length; i++) out[p[i]!] = f.values[i]!
  known.set(key, out)
  return out
}

/**
 * Sum of a * b over the columns that are not in `keep`; those must be in both. The result's columns are those of
 * `keep`, in an order of its own.
 */
export function contract(a: Factor, b: Factor, keep: readonly number[], sizes: readonly number[]): Factor {
  const kept = new Set(keep)
  const inA = new Set(a.columns)
  const inB = new Set(b.columns)
  const batch = a.columns.filter((x) => inB.has(x) && kept.has(x))
  const summed = a.columns.filter((x) => inB.has(x) && !kept.has(x))
  let rows = a.columns.filter((x) => !inB.has(x))
  let columns = b.columns.filter((x) => !inA.has(x))
  let [l, r] = [a, b]
  if (cellsOf(rows, sizes) > cellsOf(columns, sizes)) {
    ;[rows, columns] = [columns, rows]
    ;[l, r] = [b, a]
  }
  const left = ordered(l, [...batch, ...rows, ...summed], sizes)
  const right = ordered(r, [...batch, ...summed, ...columns], sizes)
  const B = cellsOf(batch, sizes)
  const I = cellsOf(rows, sizes)
  const K = cellsOf(summed, sizes)
  const J = cellsOf(columns, sizes)
  const out = new Float64Array(B * I * J)
  for (let g = 0, at = 0; g < B; g++)
    for (let i = 0; i < I; i++) {
      const row = (g * I + i) * J
      for (let k = 0, from = g * K * J; k < K; k++, from += J) {
        const x = left[at++]!
        if (x === 0) continue
        for (let j = 0; j < J; j++) out[row + j]! += x * right[from + j]!
      }
    }
  return { columns: [...batch, ...rows, ...columns], values: out }
}

/** f / g where g's columns are among f's; 0/0 is 0. */
export const divide = (f: Factor, g: Factor, sizes: readonly number[]): Factor =>
  contract(f, { columns: g.columns, values: g.values.map((x) => (x > 0 ? 1 / x : 0)) }, f.columns, sizes)
