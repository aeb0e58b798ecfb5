/** Tests of distribution: fixed streams of random bytes, and Pearson's chi-squared against exact masses. */
import { createHash } from 'node:crypto'
import { Uniform } from '../randomness.ts'

/** A fixed stream of bytes, so that a test of distribution answers the same each time. */
export function stream(seed: string): Uniform {
  let block = 0
  return new Uniform((bytes) => {
    for (let i = 0; i < bytes.length; i += 32)
      bytes.set(
        createHash('sha256')
          .update(`${seed}:${block++}`)
          .digest()
          .subarray(0, Math.min(32, bytes.length - i)),
        i,
      )
  })
}

/** Pearson's statistic against exact masses; cells that expect under 10 draws are pooled. */
export function chiSquared(
  draws: readonly number[],
  mass: (draw: number) => number,
  low: number,
  high: number,
): { statistic: number; cells: number } {
  const counts = new Map<number, number>()
  for (const difference of draws) counts.set(difference, (counts.get(difference) ?? 0) + 1)
  let statistic = 0
  let cells = 0
  let restSeen = draws.length
  let restExpected = draws.length
  for (let draw = low; draw <= high; draw++) {
    const expected = mass(draw) * draws.length
    if (expected < 10) continue
    const seen = counts.get(draw) ?? 0
    statistic += (seen - expected) ** 2 / expected
    restSeen -= seen
    restExpected -= expected
    cells++
  }
  if (restExpected > 5) {
    statistic += (restSeen - restExpected) ** 2 / restExpected
    cells++
  }
  return { statistic, cells }
}
/** Upper 0.1 % point of chi-squared by Wilson and Hilferty (1931). */
export const critical = (degrees: number): number =>
  degrees * (1 - 2 / (9 * degrees) + 3.09 * Math.sqrt(2 / (9 * degrees))) ** 3

/** Masses of the discrete Gaussian with parameter sigma squared, over the integers. */
export function gaussianMass(s2: number): (draw: number) => number {
  const reach = Math.ceil(40 * Math.sqrt(s2) + 40)
  let norm = 0
  for (let draw = -reach; draw <= reach; draw++) norm += Math.exp((-draw * draw) / (2 * s2))
  return (x) => Math.exp((-x * x) / (2 * s2)) / norm
}
