import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deltaOf, epsilonOf, nano, rhoWithin } from './accounting.ts'
import { bernoulliExp, discreteGaussian, discreteLaplace } from './noise.ts'
import { chiSquared, critical, gaussianMass, stream } from './testing/draws.ts'

describe('uniform draws', () => {
  it.each([1, 2, 3, 255, 256, 257, 1000, 2 ** 32 - 1, 2 ** 40 + 7])(
    'below %d stays below and reaches both halves',
    (bound) => {
      const uniform = stream(`below ${bound}`)
      const draws = Array.from({ length: 2000 }, () => uniform.below(bound))
      expect(draws.every((x) => Number.isInteger(x) && x >= 0 && x < bound)).toBe(true)
      const low = draws.filter((x) => x < bound / 2).length
      const hasHalves = bound > 1 && bound % 2 === 0
      expect(!hasHalves || Math.abs(low - 1000) < 150).toBe(true)
    },
  )
  it('goes beyond 48 bits', () => {
    const uniform = stream('big')
    const bound = 3n ** 60n
    const draws = Array.from({ length: 500 }, () => uniform.belowBig(bound))
    expect(draws.every((x) => x >= 0n && x < bound)).toBe(true)
    expect(draws.filter((x) => x < bound / 2n).length).toBeGreaterThan(190)
  })
})

describe('noise has its exact distribution', () => {
  const draws = 60_000
  it.each([
    [1n, 1n],
    [7n, 2n],
    [1n, 3n],
    [25n, 1n],
  ])('discrete Laplace, scale %d/%d', (numerator, denominator) => {
    const uniform = stream(`laplace ${numerator}/${denominator}`)
    const scale = Number(numerator) / Number(denominator)
    const norm = (Math.exp(1 / scale) - 1) / (Math.exp(1 / scale) + 1)
    const { statistic, cells } = chiSquared(
      Array.from({ length: draws }, () => Number(discreteLaplace(uniform, { numerator, denominator }))),
      (x) => norm * Math.exp(-Math.abs(x) / scale),
      -400,
      400,
    )
    expect(statistic).toBeLessThan(critical(cells - 1))
  })
  it.each([
    [1n, 1n],
    [1n, 4n],
    [10n, 1n],
    [1000n, 3n],
  ])('discrete Gaussian, sigma squared %d/%d', (numerator, denominator) => {
    const uniform = stream(`gauss ${numerator}/${denominator}`)
    const s2 = Number(numerator) / Number(denominator)
    const { statistic, cells } = chiSquared(
      Array.from({ length: draws }, () => Number(discreteGaussian(uniform, { numerator, denominator }))),
      gaussianMass(s2),
      -400,
      400,
    )
    expect(statistic).toBeLessThan(critical(cells - 1))
  })
  it('Bernoulli(exp(-x)), beyond 1 as well', () => {
    for (const [numerator, denominator] of [
      [0n, 1n],
      [1n, 2n],
      [1n, 1n],
      [5n, 2n],
    ] as const) {
      const uniform = stream(`bernoulli ${numerator}/${denominator}`)
      const probability = Math.exp(-Number(numerator) / Number(denominator))
      const hits = Array.from({ length: draws }, () => bernoulliExp(uniform, { numerator, denominator })).filter(
        Boolean,
      ).length
      expect(Math.abs(hits - draws * probability)).toBeLessThanOrEqual(
        4 * Math.sqrt(draws * probability * (1 - probability)),
      )
    }
  })
  it('refuses a scale that is not positive', () => {
    const uniform = stream('bad')
    expect(() => discreteLaplace(uniform, { numerator: 0n, denominator: 1n })).toThrow(RangeError)
    expect(() => discreteGaussian(uniform, { numerator: 1n, denominator: -1n })).toThrow(RangeError)
  })
})

describe('accounting', () => {
  it('matches published limits at delta 1e-9', () => {
    for (const [epsilon, rho] of [
      [0.1, 0.000177],
      [1, 0.01497],
      [3, 0.1206],
      [10, 1.091],
    ] as const)
      expect(Number(rhoWithin(epsilon, 1e-9)) / 1e9 / rho).toBeCloseTo(1, 2)
  })
  it('is never worse than the textbook conversion and never better than possible', () =>
    fc.assert(
      fc.property(fc.bigInt(1n, 3n * nano), fc.integer({ min: 3, max: 12 }), (rho, digits) => {
        const delta = 10 ** -digits
        const rhoInFull = Number(rho) / 1e9
        const epsilon = epsilonOf(rho, delta)
        expect(epsilon).toBeLessThanOrEqual(rhoInFull + 2 * Math.sqrt(rhoInFull * -Math.log(delta)) + 1e-6)
        expect(deltaOf(rho, epsilon)).toBeLessThanOrEqual(delta)
      }),
      { numRuns: 60 },
    ))
  it('rounds towards safety: what is granted stays within what was asked', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        fc.integer({ min: 4, max: 12 }),
        (epsilon, digits) => {
          const rho = rhoWithin(epsilon, 10 ** -digits)
          expect(deltaOf(rho, epsilon)).toBeLessThanOrEqual(10 ** -digits)
          expect(deltaOf(rho + nano / 1000n + rho / 100n, epsilon)).toBeGreaterThan(10 ** -digits)
        },
      ),
      { numRuns: 40 },
    ))
})
