/**
 * How far synthetic rows are from real ones: mean total variation distance over all 1-, 2- and 3-way marginals. Not
 * private: for the custodian only, or charged.
 */
import type { Table } from './encode.ts'
import { count, subsets } from './marginals.ts'

/** Half the L1 distance of two tables of counts of one shape, each divided by its number of rows: 0 to 1. */
export function totalVariation(
  first: ArrayLike<number>,
  firstRows: number,
  second: ArrayLike<number>,
  secondRows: number,
): number {
  let sum = 0
  for (let i = 0; i < first.length; i++) sum += Math.abs(first[i]! / firstRows - second[i]! / secondRows)
  return sum / 2
}

/** Total variation distance of each marginal of `ways` columns, in the order of `subsets(columns, ways)`. */
export function distances(real: Table, synthetic: Table, sizes: readonly number[], ways: number): Float64Array {
  return Float64Array.from(subsets(sizes.length, ways), (set) =>
    totalVariation(count(real, set, sizes), real.rows, count(synthetic, set, sizes), synthetic.rows),
  )
}

/** Means over all sets of one, two and three columns; where a table has too few columns, the distance is 0. */
export function metrics(
  real: Table,
  synthetic: Table,
  sizes: readonly number[],
): { tvd1: number; tvd2: number; tvd3: number } {
  const mean = (ways: number): number => {
    const all = distances(real, synthetic, sizes, ways)
    return all.length ? all.reduce((sum, distance) => sum + distance, 0) / all.length : 0
  }
  return { tvd1: mean(1), tvd2: mean(2), tvd3: mean(3) }
}
