/**
 * How far synthetic rows are from real ones: mean total variation distance over all 1-, 2- and 3-way marginals. Not
 * private: for the custodian only, or charged.
 */
import type { Table } from './encode.ts'
import { count, subsets } from './marginals.ts'

/** Half the L1 distance of two tables of counts, each divided by its number of rows. */
export function totalVariation(a: ArrayLike<number>, aRows: number, b: ArrayLike<number>, bRows: number): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! / aRows - b[i]! / bRows)
  return sum / 2
}

/** Total variation distance of each k-way marginal, in the order of `subsets(columns, k)`. */
export function distances(real: Table, synthetic: Table, sizes: readonly number[], k: number): Float64Array {
  return Float64Array.from(subsets(sizes.length, k), (set) =>
    totalVariation(count(real, set, sizes), real.rows, count(synthetic, set, sizes), synthetic.rows),
  )
}

/** Means over all sets: tvd1, tvd2 and tvd3; a table with fewer columns than k has distance 0 there. */
export function metrics(
  real: Table,
  synthetic: Table,
  sizes: readonly number[],
): { tvd1: number; tvd2: number; tvd3: number } {
  const mean = (x: Float64Array): number => (x.length ? x.reduce((a, b) => a + b, 0) / x.length : 0)
  const [tvd1, tvd2, tvd3] = [1, 2, 3].map((k) => mean(distances(real, synthetic, sizes, k)))
  return { tvd1: tvd1!, tvd2: tvd2!, tvd3: tvd3! }
}
