import { describe, expect, it } from 'vitest'
import { type DisclosurePolicy, defaultPolicy } from '../release/policy.ts'
import type { ReleasedCell } from '../release/outputs.ts'
import { shownNumber } from './query-numbers.ts'
import { shownCount, significant, upTo } from './rounding.ts'
import { type AskedCell, answerWith } from './testing/cells.ts'

const rounding: Partial<DisclosurePolicy> = { roundTo: 5, redactUpTo: 7 }
function shown(cell: AskedCell, policy: Partial<DisclosurePolicy> = {}): ReleasedCell {
  const { rows, columns } = answerWith(cell)
  return shownNumber(rows[0]!, 1, columns[1]!, { ...defaultPolicy, ...policy })
}
const contributions = (total: number): NonNullable<AskedCell['contributions']> => ({
  largest: total / 10,
  second: total / 10,
  total,
  allEqual: false,
})
const suppressed = { value: null, suppressed: true }

describe('rounding', () => {
  it('a count is redacted at the limit and rounded half up over it', () => {
    expect([7, 8, 12, 13, 17, 18].map((count) => shownCount(count, { roundTo: 5, redactUpTo: 7 }))).toEqual([
      undefined,
      10,
      10,
      15,
      15,
      20,
    ])
    expect(shownCount(5, { roundTo: 2, redactUpTo: 0 })).toBe(6)
    expect(shownCount(0, { roundTo: 1, redactUpTo: 0 })).toBe(0)
    expect(shownCount(0, { roundTo: 1, redactUpTo: 1 })).toBeUndefined()
    expect(shownCount(13, { roundTo: 1, redactUpTo: 7 })).toBe(13)
  })
  it('digits are those of the value, or of what it is a part of where that is larger', () => {
    expect(significant(1234.5678, 4)).toEqual({ value: 1235, precision: 1 })
    expect(significant(-0.012345, 2)).toEqual({ value: -0.012, precision: 0.001 })
    expect(significant(12.3456, 4, 5000)).toEqual({ value: 12, precision: 1 })
    expect(significant(1000, 4)).toEqual({ value: 1000, precision: 1 })
    expect(significant(999.96, 4)).toEqual({ value: 1000, precision: 0.1 })
    expect(significant(0, 4)).toEqual({ value: 0 })
    expect(significant(0, 4, 100)).toEqual({ value: 0, precision: 0.1 })
    expect(significant(0.1 + 0.2, 4)).toEqual({ value: 0.3, precision: 0.0001 })
  })
  it('a step is the smallest of 1, 2 and 5 that is enough', () => {
    expect(upTo(1234, 100)).toEqual({ value: 1200, precision: 100 })
    expect(upTo(1234, 101)).toEqual({ value: 1200, precision: 200 })
    expect(upTo(1234, 201)).toEqual({ value: 1000, precision: 500 })
    expect(upTo(1234, 501)).toEqual({ value: 1000, precision: 1000 })
    expect(upTo(-1.26, 0.2)).toEqual({ value: -1.2, precision: 0.2 })
    for (const least of [0, -1, Number.NaN, Infinity]) expect(upTo(1, least)).toEqual(suppressed)
  })
})

describe('numbers of a statement as they are shown', () => {
  it('what is no number is missing', () => {
    expect(shown({ row: { values: [500, 'text'] } })).toEqual({ value: null })
    expect(shown({ value: Infinity })).toEqual({ value: null })
    expect(shown({ row: { values: [500, null] } })).toEqual({ value: null })
  })
  it('counts by the policy', () => {
    const count = { column: { kind: 'count', aggregate: 'count' } } as const
    expect(shown({ ...count, value: 13 })).toEqual({ value: 13, precision: undefined })
    expect(shown({ ...count, value: 13 }, rounding)).toEqual({ value: 15, precision: 5 })
    expect(shown({ ...count, value: 7 }, rounding)).toEqual(suppressed)
  })
  it('how many have a value: who has none is shown in steps of a minimum of people', () => {
    const presence = { column: { kind: 'count', aggregate: 'count', presence: true } } as const
    expect(shown({ ...presence, value: 500 })).toEqual({ value: 500, precision: 10 })
    expect(shown({ ...presence, value: 496 })).toEqual({ value: 500, precision: 10 })
    expect(shown({ ...presence, value: 494 })).toEqual({ value: 490, precision: 10 })
    expect(shown({ ...presence, value: 481 }, { minimumSubjects: 20 })).toEqual({ value: 480, precision: 20 })
    expect(shown({ ...presence, value: 3, row: { rows: 3 } }, rounding)).toEqual(suppressed)
  })
  it('other numbers to four digits, of what was added up', () => {
    expect(shown({ value: 12.34567 })).toEqual({ value: 12.35, precision: 0.01 })
    // 500 rows that add 500,000 have a mean size of 1,000.
    expect(shown({ value: 12.34567, contributions: contributions(500_000) })).toEqual({ value: 12, precision: 1 })
    const sum = { column: { aggregate: 'sum' } } as const
    expect(shown({ ...sum, value: 12_345.67, contributions: contributions(500_000) })).toEqual({
      value: 12_300,
      precision: 100,
    })
    const other = { column: { aggregate: 'deviation' } } as const
    expect(shown({ ...other, value: 12.34567, contributions: contributions(500_000) })).toEqual({
      value: 12.35,
      precision: 0.01,
    })
  })
  it('a share beside rounded counts to two digits', () => {
    const share = { column: { indicator: true }, value: 0.12345 } as const
    expect(shown(share)).toEqual({ value: 0.1235, precision: 0.0001 })
    expect(shown(share, rounding)).toEqual({ value: 0.12, precision: 0.01 })
    expect(shown({ value: 0.12345 }, rounding)).toEqual({ value: 0.1235, precision: 0.0001 })
  })
  it('a total beside rounded counts is that of the count as shown, to three digits', () => {
    const sum = { column: { aggregate: 'sum' }, value: 5130 } as const
    expect(shown({ ...sum, row: { rows: 513 } })).toEqual({ value: 5130, precision: 1 })
    expect(shown({ ...sum, row: { rows: 513 } }, rounding)).toEqual({ value: 5150, precision: 10 })
    expect(shown({ ...sum, row: { rows: 7 } }, rounding)).toEqual({ value: 0 })
    expect(shown({ ...sum, row: { rows: 0 } }, rounding)).toEqual({ value: 0 })
  })
  describe('of several columns, some missing for a few', () => {
    const mixed = (missing: number, column: AskedCell['column'] = {}, value = 1234.5): AskedCell => ({
      column: { mixed: 0, low: 0, high: 100, ...column },
      value,
      row: { mixed: [500 - missing] },
    })
    it.each([
      [0, 1235],
      [1, 1234],
      [9, 1234],
      [10, 1235],
    ])('%d missing: %d', (missing, value) => expect(shown(mixed(missing)).value).toBe(value))
    it('a mean is shown in steps that a minimum of people could make, a sum in larger ones', () => {
      // 10 people of a range of 100, over 500: steps of 2.
      expect(shown(mixed(3, {}, 51.3))).toEqual({ value: 52, precision: 2 })
      expect(shown(mixed(3, { aggregate: 'sum' }, 51_300))).toEqual({ value: 51_000, precision: 1000 })
      expect(shown(mixed(3, { low: 50 }, 51.3))).toEqual({ value: 51, precision: 1 })
    })
    it('without a declared range it is not shown, and another statistic has two digits', () => {
      expect(shown(mixed(3, { low: undefined }))).toEqual(suppressed)
      expect(shown(mixed(3, { high: undefined }))).toEqual(suppressed)
      expect(shown(mixed(3, { aggregate: 'deviation' }))).toEqual({ value: 1200, precision: 100 })
    })
  })
})
