import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gap } from './testing/answers.ts'
import { toSimplex } from './simplex.ts'
import { omega, proximalStep } from './step.ts'

describe('steps', () => {
  it('omega solves w + ln w = z', () =>
    fc.assert(
      fc.property(fc.double({ min: -60, max: 5000, noNaN: true }), (argument) => {
        const value = omega(argument)
        expect(Math.abs(value + Math.log(value) - argument)).toBeLessThan(1e-5 * Math.max(1, Math.abs(argument)))
      }),
    ))
  it('a proximal step keeps the total, and with little stiffness is the projection on the simplex', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -200, max: 800 }), { minLength: 2, maxLength: 30 }),
        fc.integer({ min: -1e6, max: 1e6 }),
        (values, shift) => {
          const cells = values.length
          const total = 1000
          const noisyCounts = Float64Array.from(values)
          const marginal = new Float64Array(cells).fill(total / cells)
          const ratio = new Float64Array(cells)
          const potential = new Float64Array(cells)
          proximalStep(marginal, noisyCounts, 0.01, total, potential, ratio, shift)
          const stepped = marginal.map((x, i) => x * ratio[i]!)
          expect(stepped.reduce((a, b) => a + b, 0) / total).toBeCloseTo(1, 3)
          expect(gap(stepped, toSimplex(noisyCounts, total))).toBeLessThan(2)
        },
      ),
    ))
})
