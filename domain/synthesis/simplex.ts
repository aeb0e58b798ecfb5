/**
 * Noisy counts to counts: the nearest table that is not negative and has the total (Euclidean projection on the
 * simplex; Duchi et al. 2008).
 */
export function toSimplex(values: ArrayLike<number>, total: number, possible?: Uint8Array): Float64Array {
  const x = Float64Array.from(values)
  const sorted = x
    .filter((_, i) => !possible || possible[i] === 1)
    .sort()
    .reverse()
  let sum = 0
  let shift = 0
  for (let i = 0; i < sorted.length; i++) {
    sum += sorted[i]!
    const s = (sum - total) / (i + 1)
    if (sorted[i]! > s) shift = s
  }
  for (let i = 0; i < x.length; i++) x[i] = possible && possible[i] !== 1 ? 0 : Math.max(0, x[i]! - shift)
  return x
}
