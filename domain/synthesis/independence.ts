/** How far pairs of columns are from independence, for the methods that choose among pairs. */
import { eachCount } from './marginals.ts'
import type { Model } from './model.ts'
import type { Prepared } from './prelude.ts'
import { Queries } from './query.ts'
import { gridDistance } from './scores.ts'

/**
 * Distance of each pair's exact counts from the marginal of a fitted model (of one-way counts alone: from
 * independence), on the grid of scores.ts: a row added or removed moves each by at most perRow. Not private: to be
 * scored or measured.
 */
export function distancesFrom(model: Model, { table, sizes }: Prepared, pairs: readonly number[][]): Float64Array {
  const queries = new Queries(model)
  const distances = new Float64Array(pairs.length)
  eachCount(table, pairs, sizes, (exact, pair) => {
    distances[pair] = gridDistance(exact, queries.marginal(pairs[pair]!))
  })
  return distances
}
