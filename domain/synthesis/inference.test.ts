import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rhoWithin } from '../privacy/accounting.ts'
import { commonValues, evenGrid, quantiles, tail, thresholdFor, wideGrid } from './inference.ts'
import { sigmaOf, varianceFor } from './gaussian.ts'
import { fixedUniform } from './testing/tables.ts'

describe('quantiles', () => {
  it('are near the true ones with a fair budget, in order, and cost what they say', () => {
    const values = Float64Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5000)
    const { quantiles: found, price } = quantiles(
      values,
      [0.9, 0.1, 0.5],
      evenGrid(-10_000, 20_000, 3001),
      rhoWithin(1, 1e-9),
      1,
      fixedUniform(1),
    )
    for (const [index, want] of [500, 2500, 4500].entries()) expect(Math.abs(found[index]! - want)).toBeLessThan(400)
    expect(price).toEqual({ rho: rhoWithin(1, 1e-9), delta: 0 })
  })
  it('on nothing at all answer some point of the public grid', () => {
    const grid = wideGrid()
    for (let i = 1; i < grid.length; i++) expect(grid[i]!).toBeGreaterThan(grid[i - 1]!)
    expect(grid).toContain(quantiles([], [0.5], grid, 1000n, 1, fixedUniform(1)).quantiles[0])
    expect(() => quantiles([1], [2], grid, 1000n, 1, fixedUniform(1))).toThrow(/between 0 and 1/)
    expect(() => quantiles([1], [0.5], [1, 1], 1000n, 1, fixedUniform(1))).toThrow(/ascending/)
  })
})

describe('common values', () => {
  it('the tail of the noise includes the mass at its first value', () => {
    let norm = 0
    let above = 0
    for (let value = -400; value <= 400; value++) {
      const mass = Math.exp((-value * value) / 200)
      norm += mass
      if (value >= 13) above += mass
    }
    expect(tail(10, 13) / (above / norm)).toBeCloseTo(1, 6)
    expect(tail(10, 13)).toBeGreaterThanOrEqual(above / norm)
    expect(tail(10, 0) + tail(10, 1)).toBeCloseTo(1, 6)
    expect(tail(10, -3) + tail(10, 4)).toBeCloseTo(1, 6)
  })
  it('the threshold is the least that holds delta, mass at the threshold included', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 60, noNaN: true }),
        fc.integer({ min: 2, max: 10 }),
        fc.integer({ min: 1, max: 4 }),
        (sigma, digits, rows) => {
          const delta = 10 ** -digits
          const threshold = thresholdFor(sigma, delta, rows)
          // A value with the rows of one person is released when rows + noise > threshold.
          expect(rows * tail(sigma, threshold + 1 - rows)).toBeLessThanOrEqual(delta)
          expect(threshold <= rows || rows * tail(sigma, threshold - rows) > delta).toBe(true)
        },
      ),
      { numRuns: 60 },
    ))
  it('a value that one person has is released no more often than delta; strictly above the threshold', () => {
    const rho = 50_000_000n
    const delta = 0.05
    const random = fixedUniform(4)
    let released = 0
    const trials = 6000
    for (let i = 0; i < trials; i++)
      if (commonValues(new Map([['rare', 1]]), rho, delta, 1, random).values.length) released++
    expect(released / trials).toBeLessThan(delta + 4 * Math.sqrt(delta / trials))
    // Not far below either, or the threshold would be off by one: the first count released has its mass.
    const sigma = sigmaOf(varianceFor(rho, 1))
    const threshold = thresholdFor(sigma, delta, 1)
    expect(Math.abs(released / trials - tail(sigma, threshold))).toBeLessThan(4 * Math.sqrt(delta / trials))
  })
  it('common ones are kept, in an order that says nothing', () => {
    const { values, price } = commonValues(
      new Map([
        ['z', 900],
        ['a', 800],
        ['once', 1],
      ]),
      rhoWithin(1, 1e-9),
      1e-9,
      1,
      fixedUniform(2),
    )
    expect(values).toEqual(['a', 'z'])
    expect(price).toEqual({ rho: rhoWithin(1, 1e-9), delta: 1e-9 })
  })
})
