/**
 * Noisy counts to counts: the nearest table that is not negative and has the total (Euclidean projection on the
 * simplex; Duchi et al. 2008, figure 1). `possible`: 1 for cells that may be more than 0; all of them by default.
 * Answers a new table of the same shape.
 */
export function toSimplex(values: ArrayLike<number>, total: number, possible?: Uint8Array): Float64Array {
  const counts = Float64Array.from(values)
  const isPossible = (cell: number): boolean => !possible || possible[cell] === 1
  const descending = counts
    .filter((_, cell) => isPossible(cell))
    .sort()
    .reverse()
  let sum = 0
  let shift = 0
  for (let i = 0; i < descending.length; i++) {
    sum += descending[i]!
    const threshold = (sum - total) / (i + 1)
    if (descending[i]! > threshold) shift = threshold
  }
  return counts.map((count, cell) => (isPossible(cell) ? Math.max(0, count - shift) : 0))
}
