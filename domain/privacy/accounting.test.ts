/** Where the conversions begin and end; their numbers are judged in noise.test.ts. */
import { describe, expect, it } from 'vitest'
import { deltaOf, epsilonOf, nano, rhoWithin } from './accounting.ts'

describe('limits of the conversions', () => {
  it('nothing spent is delta 0 and epsilon 0', () => {
    expect(deltaOf(0n, 1)).toBe(0)
    expect(epsilonOf(0n, 1e-6)).toBe(0)
  })
  it('delta is at most 1, and reached where epsilon is 0 and rho large', () => {
    expect(deltaOf(100n * nano, 0)).toBe(1)
    expect(deltaOf(1n, 0)).toBeGreaterThan(0)
  })
  it('refuses a negative rho, and an epsilon that is negative or no number', () => {
    expect(() => deltaOf(-1n, 1)).toThrow(RangeError)
    expect(() => deltaOf(1n, -1e-9)).toThrow(RangeError)
    expect(() => deltaOf(1n, Number.NaN)).toThrow(RangeError)
  })
  it.each([0, 1, -1, 2, Number.NaN])('refuses delta %d', (delta) => {
    expect(() => epsilonOf(nano, delta)).toThrow('delta must be between 0 and 1')
    expect(() => epsilonOf(0n, delta)).toThrow('delta must be between 0 and 1')
    expect(() => rhoWithin(1, delta)).toThrow('delta must be between 0 and 1')
  })
  it.each([0, -1, Number.NaN])('refuses a budget of epsilon %d', (epsilon) => {
    expect(() => rhoWithin(epsilon, 1e-6)).toThrow('epsilon must be positive')
  })
  it('one nano-rho more than the largest is too much', () => {
    for (const epsilon of [0.1, 1, 8, 50]) {
      const rho = rhoWithin(epsilon, 1e-6)
      expect(deltaOf(rho, epsilon)).toBeLessThanOrEqual(1e-6)
      expect(deltaOf(rho + 1n, epsilon)).toBeGreaterThan(1e-6)
    }
  })
})
