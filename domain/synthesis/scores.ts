/**
 * Distances between exact counts and public estimates, on a grid, so that they are whole numbers and their sensitivity
 * is exact.
 */

/** Estimates are rounded to this part of a row. */
export const perRow = 16

/**
 * perRow times the L1 distance of exact counts to rounded estimates (tables of one shape), exactly, as a whole number:
 * a row added or removed moves it by at most perRow. Not private.
 */
export function gridDistance(exact: ArrayLike<number>, expected: Float64Array): number {
  let sum = 0
  for (let i = 0; i < expected.length; i++) sum += Math.abs(exact[i]! * perRow - Math.round(expected[i]! * perRow))
  return sum
}

/** L1 distance of two tables of one shape. */
export function l1(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < first.length; i++) sum += Math.abs(first[i]! - second[i]!)
  return sum
}

/** E|x| of a standard normal: what a cell of noise adds to an L1 distance, in units of its sigma. */
export const meanNormal = Math.sqrt(2 / Math.PI)
