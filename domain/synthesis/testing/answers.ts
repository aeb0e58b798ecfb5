/** For tests of the model: small domains with measured sets, their noisy answers, and how far two tables are apart. */
import fc from 'fast-check'
import type { Answer } from '../consistency.ts'
import { count } from '../marginals.ts'
import { chainTable, fixedUniform } from './tables.ts'

/** Domains of 3 to 6 small columns with a few measured sets. */
export const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 6 }).chain((sizes) =>
  fc.record({
    sizes: fc.constant(sizes),
    sets: fc.array(
      fc
        .uniqueArray(fc.integer({ min: 0, max: sizes.length - 1 }), { minLength: 1, maxLength: 3 })
        .map((s) => s.sort((a, b) => a - b)),
      { minLength: 1, maxLength: 6 },
    ),
    seed: fc.integer({ min: 1, max: 1e6 }),
  }),
)

/** Noisy counts of the sets, with noise of about `sigma`, of 500 rows of a chain. */
export function answersFor(sizes: readonly number[], sets: readonly number[][], seed: number, sigma: number): Answer[] {
  const table = chainTable(500, sizes, seed)
  const random = fixedUniform(seed + 1)
  return sets.map((columns) => ({
    columns,
    sigma,
    values: Float64Array.from(
      count(table, columns, sizes),
      (x) => x + Math.round((random.below(2001) / 1000 - 1) * sigma),
    ),
  }))
}

/** The largest difference of two tables. */
export const gap = (first: ArrayLike<number>, second: ArrayLike<number>): number => {
  let largest = 0
  for (let i = 0; i < first.length; i++) largest = Math.max(largest, Math.abs(first[i]! - second[i]!))
  return largest
}
