import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Uniform } from '../privacy/randomness.ts'
import { agree, niceStep, roundTo, stepOf } from './agreement.ts'
import { normal, random, uniformOf } from './testing/cohorts.ts'

const eight = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 8, maxLength: 8 })
const left = Array.from({ length: 8 }, () => 140)

describe('agreement of the runs', () => {
  it('knows what grows with the number of people', () => {
    const counts = [66, 65, 67, 64, 66, 65, 68, 66]
    expect(agree(75, counts, 160, left)).toMatchObject({ kind: 'varying', extensive: true, whole: true })
    expect(agree(66, counts, 160, left)).toMatchObject({ kind: 'varying', extensive: false })
    // A standard error falls with the root of the number, a t value grows with it: neither is taken for a number that
    // the whole cohort alone has.
    const draw = random(3)
    const shaken = Array.from({ length: 8 }, () => 1 + 0.01 * normal(draw))
    expect(
      agree(
        1,
        shaken.map((s) => s * Math.sqrt(160 / 140)),
        160,
        left,
      ).kind,
    ).toBe('varying')
    expect(
      agree(
        9,
        shaken.map((s) => 9 * s * Math.sqrt(140 / 160)),
        160,
        left,
      ).kind,
    ).toBe('varying')
  })
  it('is alone when one block moves it, and when the whole cohort is not like its parts', () => {
    expect(agree(1, [1, 1, 1, 0, 1, 1, 1, 1], 160, left).kind).toBe('alone')
    expect(agree(80, [41, 42, 40, 41.5, 42.5, 40.5, 41, 42], 160, left).kind).toBe('alone')
    expect(agree(5, [5, 5, null, 5, 5, 5, 5, 5], 160, left).kind).toBe('mixed')
    expect(agree(null, [5, 5, 5, 5, 5, 5, 5, 5], 160, left).kind).toBe('mixed')
    expect(
      agree(
        null,
        Array.from({ length: 8 }, () => null),
        160,
        left,
      ).kind,
    ).toBe('missing')
    expect(
      agree(
        0.1 + 0.2,
        Array.from({ length: 8 }, () => 0.3),
        160,
        left,
      ).kind,
    ).toBe('constant')
  })
  it('names the block that stands apart although others move', () =>
    expect(agree(10, [10.1, 9.9, 10.05, 4, 10.2, 9.8, 10, 10.1], 160, left)).toMatchObject({ kind: 'alone' }))
  it('does not depend on the numbering of the blocks', () =>
    fc.assert(
      fc.property(
        eight,
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 7 }),
        (values, all, turn) => {
          const agreement = agree(all, values, 160, left)
          const other = agree(all, [...values.slice(turn), ...values.slice(0, turn)], 160, left)
          expect(other.kind).toBe(agreement.kind)
          expect(other.movement).toBeCloseTo(agreement.movement, 6)
        },
      ),
    ))
  it('lets normal movements through almost always, and one block in eight hundred thousand in none', () => {
    const draw = random(1)
    let alone = 0
    for (let i = 0; i < 4000; i++) {
      const without = Array.from({ length: 8 }, () => normal(draw))
      if (agree(without.reduce((s, v) => s + v, 0) / 8, without, 160, left).kind === 'alone') alone++
    }
    expect(alone).toBeLessThan(6)
    for (let i = 0; i < 200; i++) {
      const without = Array.from({ length: 8 }, () => 5)
      without[i % 8] = 5 + normal(draw)
      expect(agree(5, without, 160, left).kind).toBe('alone')
    }
  })
})

describe('agreement at its limits', () => {
  // Every run has as many subjects as the whole cohort, so that no number is scaled.
  const as = (all: number | null, without: readonly (number | null)[], shape?: readonly number[]) =>
    agree(
      all,
      without,
      160,
      without.map(() => 160),
      shape,
    )
  const eightTimes = (value: number | null) => Array.from({ length: 8 }, () => value)

  it('takes whole numbers as one apart for the same, and two for alone', () => {
    const kinds = [3, 4, 5, 6, 7].map((all) => as(all, eightTimes(5)).kind)
    expect(kinds).toEqual(['alone', 'varying', 'constant', 'varying', 'alone'])
    expect([as(5.5, eightTimes(5)).kind, as(0, eightTimes(0)).kind]).toEqual(['alone', 'constant'])
  })
  it('lets the run on all lie as far outside as half of what the others span', () => {
    const values = [10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14.5]
    const kinds = [8.5, 8.4, 16.5, 16.6].map((all) => as(all, values).kind)
    expect(kinds).toEqual(['varying', 'alone', 'varying', 'alone'])
  })
  it.each([1e6, 1, 1e-6])('takes differences of floating-point sums for none, at the size of %d', (size) => {
    const values = (relative: number) => [...eightTimes(size).slice(1), size * (1 + relative)] as number[]
    expect(as(size, values(1e-10)).kind).toBe('constant')
    expect(as(size, values(1e-8)).kind).toBe('alone')
    expect(as(size * (1 + 1e-10), eightTimes(size)).kind).toBe('constant')
    expect(as(size * (1 + 1e-8), eightTimes(size)).kind).not.toBe('constant')
  })
  it('is whole when every run is, and only then', () => {
    const whole = [
      [5, 6],
      [5.5, 6],
      [5, 6.5],
    ].map(([all, one]) => as(all!, [5, 6, 7, 5, 6, 7, 5, one!]).whole)
    expect(whole).toEqual([true, false, false])
  })
  it('says nothing of a number that is missing', () => {
    const nothing = { centre: 0, movement: 0, extensive: false, whole: false }
    expect(as(null, eightTimes(null))).toEqual({ kind: 'missing', ...nothing })
    expect(as(5, eightTimes(null))).toEqual({ kind: 'mixed', ...nothing })
    expect(as(null, eightTimes(5))).toEqual({ kind: 'mixed', ...nothing })
  })
  it('scales by the people who were left, and not where nobody was', () => {
    const halves = [140, ...eightTimes(70).slice(1)] as number[]
    const people = [0, 80, 80, 80, 80, 80, 80, 80]
    expect(agree(140, halves, 160, people)).toMatchObject({ kind: 'constant', extensive: true, centre: 140 })
  })
  it('names the block five deviations from the others, which move as well', () => {
    // The others have the mean 4 and a deviation of sqrt(28/6 * 8/7) = 2.309: five of them end at 15.547.
    const values = (last: number) => [1, 2, 3, 4, 5, 6, 7, last]
    const apart = (last: number) => as(5.5, values(last), values(last)).apart
    expect([apart(15.5), apart(15.6)]).toEqual([undefined, 7])
    expect(as(5.5, values(15.6)).apart, 'not where it is usual on the scale of the logarithm').toBeUndefined()
  })
  it('takes skewed numbers on the scale of their logarithm, where all are on one side of zero', () => {
    const skewed = [1, 2, 4, 8, 16, 32, 64, 1000]
    const kind = (values: readonly number[]) => as(values[7]! / 10, values).kind
    expect(kind(skewed)).toBe('varying')
    expect(kind(skewed.map((value) => -value))).toBe('varying')
    expect(kind([-1, ...skewed.slice(1)])).toBe('alone')
    expect(kind([0, ...skewed.slice(1)])).toBe('alone')
    expect(kind([0, ...skewed.slice(1).map((value) => -value)])).toBe('alone')
  })
})

describe('rounding at its limits', () => {
  const constant = { kind: 'constant', centre: 0, movement: 0, extensive: false, whole: false } as const
  /** Draws whose bytes are all the same: 0 for the least, 255 for the greatest. */
  const always = (byte: number) => new Uniform((bytes) => bytes.fill(byte))

  it('of what is the same in every run goes up from the half', () => {
    const rounded = [2.49, 2.5, 2.51, -2.5, -0.2].map((centre) => roundTo({ ...constant, centre }, 1, uniformOf(1)))
    expect(rounded).toEqual([2, 3, 3, -2, 0])
  })
  it('stays on a point of the grid, and at a number that has no step', () => {
    const varying = { ...constant, kind: 'varying' } as const
    expect(roundTo({ ...varying, centre: 4 }, 1, always(0))).toBe(4)
    expect(roundTo({ ...varying, centre: 0.3 }, 0.1, always(0))).toBe(0.3)
    expect(roundTo({ ...varying, centre: 0.31 }, 0.1, always(0))).toBe(0.4)
    expect(roundTo({ ...varying, centre: 0.39 }, 0.1, always(255))).toBe(0.3)
    expect(roundTo({ ...varying, centre: 0.1234567 }, 0, always(0))).toBe(0.1234567)
  })
  it('has no step for nothing, and one for a whole nothing', () => {
    expect([stepOf(constant, 1), stepOf({ ...constant, whole: true }, 1)]).toEqual([0, 1])
    expect([niceStep(1000), niceStep(0.001), niceStep(1001)]).toEqual([1000, 0.001, 2000])
  })
  it('is wider than the movement by a half, and by the root of one and a tenth of the numbers', () => {
    const moves = { ...constant, kind: 'varying', centre: 1, movement: 1 } as const
    // 1.5 * sqrt(1.1) = 1.573, 1.5 * sqrt(2) = 2.121, 1.5 * sqrt(11) = 4.975, 1.5 * sqrt(12) = 5.196
    expect([1, 10, 100, 110].map((numbers) => stepOf(moves, numbers))).toEqual([2, 5, 5, 10])
  })
})

describe('rounding', () => {
  it('takes steps of 1, 2 and 5', () =>
    expect([0.011, 0.02, 0.03, 1, 1.01, 4.9, 51, 1e-9].map(niceStep)).toEqual([0.02, 0.02, 0.05, 1, 2, 5, 100, 1e-9]))
  it('is coarser than the movement, within four digits, and coarser with more numbers', () =>
    fc.assert(
      fc.property(eight, fc.integer({ min: 1, max: 500 }), (values, numbers) => {
        const agreement = agree(values.reduce((s, v) => s + v, 0) / 8, values, 160, left)
        const step = stepOf(agreement, numbers)
        expect(step).toBeGreaterThanOrEqual(agreement.movement)
        expect(step).toBeGreaterThanOrEqual(Math.abs(agreement.centre) * 1e-4 * 0.99)
        expect(stepOf(agreement, numbers + 100)).toBeGreaterThanOrEqual(step)
      }),
    ))
  it('gives what every run without somebody says, within a step and its own movement', () =>
    fc.assert(
      fc.property(eight, fc.nat(), (values, seed) => {
        const all = values.reduce((s, v) => s + v, 0) / 8
        const agreement = agree(all, values, 160, left)
        if (agreement.kind !== 'varying' || agreement.extensive) return
        const step = stepOf(agreement, 1)
        const released = roundTo(agreement, step, uniformOf(seed))
        expect(Math.abs(released - agreement.centre)).toBeLessThan(step * (1 + 1e-9))
        for (const value of values)
          expect(Math.abs(released - agreement.centre) - step).toBeLessThanOrEqual(
            1e-6 * step + Math.abs(value - agreement.centre),
          )
        expect(Math.abs(released / step - Math.round(released / step))).toBeLessThan(1e-6)
      }),
    ))
  it('has no boundary to aim at: half-way goes either way, nearly there goes there', () => {
    const agreement = agree(10.5, [10.4, 10.6, 10.45, 10.55, 10.3, 10.7, 10.42, 10.58], 160, left)
    const uniform = uniformOf(4)
    const ups = (centre: number): number =>
      Array.from({ length: 2000 }, () => roundTo({ ...agreement, centre }, 1, uniform)).filter((x) => x === 11).length /
      2000
    expect(ups(10.5)).toBeGreaterThan(0.45)
    expect(ups(10.5)).toBeLessThan(0.55)
    expect(ups(10.9)).toBeGreaterThan(0.87)
    expect(Math.abs(ups(10.5) - ups(10.501))).toBeLessThan(0.05)
  })
  it('is plain rounding for what is the same in every run', () => {
    const agreement = agree(
      0.123456,
      Array.from({ length: 8 }, () => 0.123456),
      160,
      left,
    )
    expect(roundTo(agreement, stepOf(agreement, 1, true), uniformOf(1))).toBe(0.1235)
    expect(roundTo(agreement, stepOf(agreement, 1), uniformOf(1)), 'a value that people share').toBe(0.12)
    const zero = agree(
      0,
      Array.from({ length: 8 }, () => 0),
      160,
      left,
    )
    expect(roundTo(zero, stepOf(zero, 1), uniformOf(1))).toBe(0)
  })
})
