import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupings, histogram, numbersOf, quantile, shares } from './summaries.ts'

describe('figures of trials', () => {
  it('a histogram holds every value once, in bins without holes', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 300 }),
        (values) => {
          const bins = histogram(values)
          expect(bins.reduce((n, b) => n + b.n, 0)).toBe(values.length)
          bins.slice(1).forEach((b, i) => expect(b.from).toBeCloseTo(bins[i]!.to, 6))
          expect(bins[0]!.from).toBeLessThanOrEqual(Math.min(...values))
          expect(bins.length).toBeLessThanOrEqual(40)
        },
      ),
    ))
  it('takes only numbers that can be times', () =>
    expect(
      numbersOf(
        [1, null, '3', -1, Number.NaN, 5].map((v) => new Map([['rt', v]])),
        'rt',
      ),
    ).toEqual([1, 5]))
  it('interpolates quantiles', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(quantile([7], 0.9)).toBe(7)
  })
  it('counts right answers by group, with an interval that holds the share', () => {
    const rows = [
      [true, 'a'],
      [false, 'a'],
      [true, 'a'],
      [true, 'b'],
      ['x', 'b'],
      [false, null],
    ].map(
      ([correct, condition]) =>
        new Map<string, unknown>([
          ['correct', correct],
          ['condition', condition],
        ]),
    )
    const byCondition = shares(rows, 'correct', 'condition')
    expect(byCondition.map(({ group, right, n }) => [group, right, n])).toEqual([
      ['(none)', 0, 1],
      ['a', 2, 3],
      ['b', 1, 1],
    ])
    for (const share of byCondition) {
      expect(share.low).toBeLessThanOrEqual(share.right / share.n + 1e-12)
      expect(share.high).toBeGreaterThanOrEqual(share.right / share.n - 1e-12)
      expect(share.low).toBeGreaterThanOrEqual(0)
    }
  })
  // Wilson 1927; the figures of the score interval at 95 %, as statistics packages give them.
  it.each([
    { right: 0, n: 10, low: 0, high: 0.2775 },
    { right: 1, n: 10, low: 0.0179, high: 0.4042 },
    { right: 5, n: 10, low: 0.2366, high: 0.7634 },
    { right: 8, n: 10, low: 0.4902, high: 0.9433 },
    { right: 10, n: 10, low: 0.7225, high: 1 },
    { right: 1, n: 1, low: 0.2065, high: 1 },
    { right: 81, n: 263, low: 0.2553, high: 0.3662 },
  ])('the interval of $right of $n is $low to $high', ({ right, n: total, low, high }) => {
    const rows = Array.from({ length: total }, (_, i) => new Map<string, unknown>([['correct', i < right]]))
    const [share] = shares(rows, 'correct', 'condition')
    expect(share!.low).toBeCloseTo(low, 4)
    expect(share!.high).toBeCloseTo(high, 4)
  })
  it('offers only groupings a plot can show', () => {
    const rows = Array.from(
      { length: 20 },
      (_, index) =>
        new Map<string, unknown>([
          ['run_id', `r${index % 2}`],
          ['word', `w${index}`],
          ['side', index % 2 ? 'l' : 'r'],
          ['condition', index % 2 ? 'x' : 'y'],
          ['same', 's'],
          ['n', index % 2],
        ]),
    )
    expect(groupings(rows)).toEqual(['condition', 'side'])
  })
})
