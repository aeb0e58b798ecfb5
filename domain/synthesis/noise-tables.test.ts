import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nano } from '../privacy/accounting.ts'
import { choose } from './choice.ts'
import { gaussian, sigmaOf, varianceFor } from './gaussian.ts'
import { fixedUniform } from './testing/tables.ts'

/** Pearson's statistic over its upper 0.1 % point (Wilson and Hilferty 1931): above 1 is a wrong distribution. */
function misfit(draws: readonly number[], mass: (x: number) => number, reach: number): number {
  const counts = new Map<number, number>()
  for (const drawn of draws) counts.set(drawn, (counts.get(drawn) ?? 0) + 1)
  let statistic = 0
  let cells = 0
  for (let value = -reach; value <= reach; value++) {
    const expected = mass(value) * draws.length
    if (expected < 10) continue
    statistic += ((counts.get(value) ?? 0) - expected) ** 2 / expected
    cells++
  }
  const freedom = Math.max(1, cells - 1)
  return statistic / (freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3)
}

describe('noise for tables', () => {
  it.each([
    [1n, 1n],
    [1n, 4n],
    [1000n, 3n],
    [16384n, 64n],
    [1_048_576n, 1024n],
    [900_000n, 1n],
  ])('has the distribution of the discrete Gaussian, sigma squared %d/%d', (numerator, denominator) => {
    const draw = gaussian(fixedUniform(7), { numerator, denominator })
    const sigmaSquared = Number(numerator) / Number(denominator)
    let norm = 0
    for (let value = -8000; value <= 8000; value++) norm += Math.exp((-value * value) / (2 * sigmaSquared))
    const draws = Array.from({ length: 60_000 }, draw)
    // Wide ones are compared in steps.
    const step = Math.max(1, Math.round(Math.sqrt(sigmaSquared) / 10))
    const grouped = (block: number): number => {
      let mass = 0
      for (let value = block * step; value < (block + 1) * step; value++)
        mass += Math.exp((-value * value) / (2 * sigmaSquared))
      return mass / norm
    }
    expect(
      misfit(
        draws.map((x) => Math.floor(x / step)),
        grouped,
        100,
      ),
    ).toBeLessThan(1)
  })
  it('costs at most what is charged, and hardly less', () =>
    fc.assert(
      fc.property(fc.bigInt(1n, 20n * nano), fc.integer({ min: 1, max: 50 }), (rho, sensitivity) => {
        const { numerator, denominator } = varianceFor(rho, sensitivity)
        const cost = (BigInt(sensitivity) ** 2n * nano * denominator * 1_000_000n) / (2n * numerator)
        expect(cost).toBeLessThanOrEqual(rho * 1_000_000n)
        expect(Number(cost)).toBeGreaterThan(Number(rho) * 1e6 * 0.98)
      }),
    ))
  it('grows with the rows that a person may add', () => {
    expect(sigmaOf(varianceFor(10_000_000n, 5)) / sigmaOf(varianceFor(10_000_000n, 1))).toBeCloseTo(5, 2)
  })
})

describe('choice', () => {
  it('draws in proportion to exp(epsilon score / 2 sensitivity)', () => {
    const scores = [0, 10, 20, 14, -30]
    const rho = 20_000_000n
    const sensitivity = 2
    const epsilon = Math.sqrt(8 * 0.02)
    const weights = scores.map((s) => Math.exp((epsilon * s) / (2 * sensitivity)))
    const sum = weights.reduce((a, b) => a + b, 0)
    const random = fixedUniform(3)
    const draws = 40_000
    const seen = scores.map(() => 0)
    for (let i = 0; i < draws; i++) seen[choose(random, scores, sensitivity, rho)]!++
    for (const [index, weight] of weights.entries())
      expect(Math.abs(seen[index]! - (draws * weight) / sum)).toBeLessThan(4 * Math.sqrt((draws * weight) / sum) + 1)
  })
  it('refuses scores that are not whole numbers: a floating-point mechanism leaks', () => {
    expect(() => choose(fixedUniform(1), [0.5, 1], 1, 1000n)).toThrow(RangeError)
    expect(() => choose(fixedUniform(1), [1], 0, 1000n)).toThrow(RangeError)
  })
})
