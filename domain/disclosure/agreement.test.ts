import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
