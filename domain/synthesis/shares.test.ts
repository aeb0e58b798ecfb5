import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nano } from '../privacy/accounting.ts'
import { divide, share } from './shares.ts'

describe('the charge', () => {
  it('shares sum to the whole', () =>
    fc.assert(
      fc.property(
        fc.bigInt(100n, 10n * nano),
        fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), { minLength: 1, maxLength: 60 }),
        (rho, weights) => {
          const parts = divide(rho, weights)
          expect(parts.reduce((a, b) => a + b, 0n)).toBe(rho)
          expect(parts.every((p) => p >= 1n)).toBe(true)
          expect(share(rho, 0.5)).toBeLessThanOrEqual(rho)
        },
      ),
    ))
})
