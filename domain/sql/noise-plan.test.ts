/** What a plan measures under noise: how much one subject can change, and in how many cells. */
import { describe, expect, it } from 'vitest'
import type { Measure } from './aggregates.ts'
import type { Expr } from './expr.ts'
import { cellsOf, measuredBy, noisePlan, quantileBins, steps, vectorsOf } from './noise-plan.ts'
import type { Plan } from './plan.ts'
import { Refused } from './refused.ts'

const expr = (more: Partial<Expr> = {}): Expr => ({
  sql: 'x',
  type: 'number',
  integer: false,
  smooth: true,
  single: true,
  ...more,
})
const plan = (more: Partial<Omit<Plan, 'from'>> & { rows?: string[] } = {}): Plan =>
  ({
    from: { rows: more.rows ?? ['visit'] },
    where: '',
    uniform: true,
    keys: [],
    sets: [[]],
    measures: [],
    outputs: [],
    order: [],
    ...more,
  }) as unknown as Plan
const measured = (measure: Measure) => noisePlan(plan({ measures: [measure] })).measures[0]!
const argument = expr({ low: -10, high: 30 })

describe('a measure', () => {
  it.each([
    ['count', { kind: 'count', bounds: [1], low: 0, high: 1, scale: 1 }],
    ['count-subjects', { kind: 'count', bounds: [1], low: 0, high: 1, scale: 1 }],
    ['sum', { kind: 'sum', bounds: [steps], low: -10, high: 30, scale: 30 }],
    ['mean', { kind: 'mean', bounds: [1, steps], low: -10, high: 30, scale: 20 }],
    ['variance', { kind: 'variance', bounds: [1, steps, steps], low: -10, high: 30, scale: 20 }],
    ['deviation', { kind: 'deviation', bounds: [1, steps, steps], low: -10, high: 30, scale: 20 }],
  ] as const)('%s changes by one subject at most by its bounds', (aggregate, noisy) => {
    expect(measured({ aggregate, argument })).toEqual(noisy)
  })
  it('a sum is scaled by whichever bound is farther from nothing', () => {
    expect(measured({ aggregate: 'sum', argument: expr({ low: -50, high: 30 }) }).scale).toBe(50)
  })
  it('a quantile is a histogram, of which one subject changes one bin', () => {
    const median = { kind: 'quantile', low: -10, high: 30, scale: 40 / quantileBins, quantile: 0.5 }
    expect(measured({ aggregate: 'median', argument })).toMatchObject(median)
    const upper = measured({ aggregate: 'quantile', argument, quantile: 0.9 })
    expect(upper.quantile).toBe(0.9)
    expect(upper.bounds).toEqual(new Array(64).fill(1))
  })
  it.each(['correlation', 'slope', 'intercept', 'covariance'] as const)('%s has no noisy form', (aggregate) => {
    expect(() => measured({ aggregate, argument })).toThrow(Refused)
  })
  it.each([{ low: 1 }, { high: 1 }, {}, { low: 1, high: 1 }, { low: 2, high: 1 }])('needs bounds: %j', (bounds) => {
    expect(() => measured({ aggregate: 'mean', argument: expr(bounds) })).toThrow('Noise needs bounds')
  })
})

describe('groups', () => {
  const sex = expr({ values: ['f', 'm'] })
  const known = expr({ values: [1, 2, 3], known: true })
  it('that are declared are all shown, a missing value too unless there is none', () => {
    expect(noisePlan(plan({ keys: [sex, known], sets: [[0, 1]] })).domains).toEqual([
      ['f', 'm', null],
      [1, 2, 3],
    ])
    expect(noisePlan(plan()).domains).toEqual([])
  })
  it('are selected privately when one is not declared, or when there would be more than 10,000', () => {
    expect(noisePlan(plan({ keys: [sex, expr()], sets: [[0, 1]] })).domains).toBeUndefined()
    const hundred = (last: number) => expr({ values: Array.from({ length: last }, (_, i) => i), known: true })
    expect(noisePlan(plan({ keys: [hundred(100), hundred(100)] })).domains).toHaveLength(2)
    expect(noisePlan(plan({ keys: [hundred(100), hundred(101)] })).domains).toBeUndefined()
    const withMissing = expr({ values: Array.from({ length: 100 }, (_, i) => i) })
    expect(noisePlan(plan({ keys: [hundred(100), withMissing] })).domains).toBeUndefined()
  })
})

describe('cells of one subject', () => {
  const changing = (values: number, known?: true) =>
    expr({ single: false, values: Array.from({ length: values }, (_, i) => i), known })
  it('are one of each grouping set where everybody has one row', () => {
    const spec = noisePlan(plan({ rows: [], keys: [changing(5)], sets: [[0], []] }))
    expect(spec.perSet).toEqual([1, 1])
    expect(cellsOf(spec)).toBe(2)
  })
  it('are as many as values of what changes between their rows, and at most eight', () => {
    const keys = [changing(2), changing(3, true), expr({ values: ['f', 'm'] }), expr({ single: false })]
    const spec = noisePlan(plan({ keys, sets: [[], [0], [1], [2], [0, 1], [0, 2], [3]] }))
    expect(spec.perSet).toEqual([1, 3, 3, 1, 8, 3, 8])
    expect(cellsOf(spec)).toBe(27)
  })
})

it('vectors are the parts of each measure, a quantile’s bins together, and one more for groups to be selected', () => {
  const parts = (['count', 'mean', 'variance', 'median'] as const).map((aggregate) => measured({ aggregate, argument }))
  expect(vectorsOf(parts, true)).toBe(1 + 2 + 3 + 1)
  expect(vectorsOf(parts, false)).toBe(8)
})

it('the quote says the measures that are columns themselves', () => {
  const asked = plan({
    keys: [expr({ single: false })],
    sets: [[0]],
    measures: [{ aggregate: 'count' }, { aggregate: 'mean', argument }],
    outputs: [
      { name: 'g', key: 0 },
      { name: 'm', measure: 1 },
      { name: 'f', formula: { measure: 0 } },
    ],
  })
  const spec = noisePlan(asked)
  expect(measuredBy(asked, spec)).toEqual({
    rowsPerSubject: 8,
    declaredGroups: false,
    vectors: 1 + 2 + 1,
    parts: [{ name: 'm', kind: 'mean', bounds: [1, steps], low: -10, high: 30, scale: 20 }],
  })
})
