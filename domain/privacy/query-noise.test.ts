/**
 * What a query's noise looks like from outside: the numbers that leave have the very distribution that their charge
 * pays for.
 */
import { describe, expect, it } from 'vitest'
import { steps } from '../sql/noise-plan.ts'
import type { NoisePlan, QueryResult } from '../sql/result.ts'
import { type NanoRho, nano } from './accounting.ts'
import { exampleGroup, expectedErrors, noiseQuery } from './query-noise.ts'
import { chiSquared, critical, gaussianMass, stream } from './testing/draws.ts'

const cells = 8000
const people = 10_000
/** Many cells of 10,000 people each, who all have the value 50 of 0 to 100; a subject is in at most `each` of them. */
function result(parts: NoisePlan['kind'][], each: number): QueryResult {
  const plans = parts.map((kind, place): NoisePlan => ({
    column: place + 1,
    kind,
    bounds: { count: [1], sum: [steps], mean: [1, steps] }[kind as 'count']!,
    low: 0,
    high: 100,
    scale: kind === 'mean' ? 50 : 100,
  }))
  const exact = { count: [people], sum: [(people * steps) / 2], mean: [people, 0] }
  return {
    columns: [
      { name: 'k', kind: 'group' },
      ...parts.map((kind, place) => ({
        name: `m${place}`,
        kind: kind === 'count' ? ('count' as const) : ('value' as const),
        aggregate: kind,
      })),
    ],
    cohort: { subjects: people, fingerprint: '0' },
    selections: [],
    mode: 'noise',
    truncated: false,
    rows: Array.from({ length: cells }, (_, measure) => ({
      values: [measure, ...parts.map(() => null)],
      rows: people,
      subjects: people,
      columnSubjects: parts.map(() => people),
      contributions: [],
      fingerprint: '0',
      sets: [],
      rolledUp: [],
      exact: [null, ...parts.map((kind) => exact[kind as 'count'].map(String))],
    })),
    noise: { rowsPerSubject: each, declaredGroups: true, parts: plans },
  }
}
const released = (r: QueryResult, rho: NanoRho, seed: string, column: number): number[] =>
  noiseQuery(r, rho, stream(seed)).outputs[0]!.rows.map((row) => row[column]!.value as number)

describe('noise of a query', () => {
  // sigma^2 = cells of a subject * vectors / (2 rho): rho-zCDP of a Gaussian is sensitivity^2 / (2 sigma^2), and the
  // vectors share it.
  it.each([
    [['count'], 1, 20],
    [['count', 'count'], 3, 100],
    [['count', 'sum', 'mean'], 2, 500],
  ] as const)('%j, a subject in %d cells, %d thousandths of rho: counts have the exact mass', (parts, each, milli) => {
    const vectors = parts.reduce((n, p) => n + ((p as string) === 'mean' ? 2 : 1), 0)
    const s2 = (each * vectors) / ((2 * milli) / 1000)
    const draws = released(result([...parts], each), (BigInt(milli) * nano) / 1000n, `query ${milli}`, 1).map(
      (v) => v - people,
    )
    const against = (mass: (value: number) => number): { statistic: number; cells: number } =>
      chiSquared(draws, mass, -200, 200)
    const { statistic, cells: count } = against(gaussianMass(s2))
    expect(statistic).toBeLessThan(critical(count - 1))
    // The test can tell: a quarter less of the variance, or a third more, does not pass.
    for (const other of [s2 * 0.75, s2 * 1.33]) {
      const wrong = against(gaussianMass(other))
      expect(wrong.statistic).toBeGreaterThan(critical(wrong.cells - 1))
    }
  })
  it('sums and means err as much as was said beforehand', () => {
    const rho = result(['sum', 'mean'], 1)
    const { rowsPerSubject, declaredGroups, parts } = rho.noise!
    const said = expectedErrors(
      { rowsPerSubject, declaredGroups, vectors: 3, parts: parts.map((p, i) => ({ ...p, name: `m${i}` })) },
      nano / 10n,
    )
    // sigma^2 of a sum in its own units, with a third of 0.1 of rho: (100 * sqrt(3 / 0.2))^2. Means are of 10,000
    // people here, and said of 100.
    expect(said[0]!.error).toBeCloseTo(100 * Math.sqrt(3 / 0.2), 6)
    for (const [column, error] of [
      [1, said[0]!.error],
      [2, said[1]!.error * (exampleGroup / people)],
    ] as const) {
      const draws = released(rho, nano / 10n, `error ${column}`, column).map(
        (v) => v - (column === 1 ? people * 50 : 50),
      )
      expect(Math.abs(draws.reduce((a, v) => a + v * v, 0) / draws.length / error ** 2 - 1)).toBeLessThan(
        5 * Math.sqrt(2 / draws.length),
      )
    }
  })
  it('what was not declared shows only above a threshold that one person hardly passes', () => {
    const alone = (subjects: number): number => {
      const rho = result(['count'], 1)
      return noiseQuery(
        {
          ...rho,
          rows: rho.rows.slice(0, 2000).map((row) => ({ ...row, subjects, exact: [null, [String(subjects)]] })),
          noise: { ...rho.noise!, declaredGroups: false },
        },
        nano,
        stream('threshold'),
        1e-9,
      ).outputs[0]!.rows.length
    }
    expect([alone(1), alone(100)]).toEqual([0, 2000])
  })
})

describe('what an answer is made of, with so much rho that the noise is nothing', () => {
  const rho = 10n ** 20n * nano
  const plan = (kind: NoisePlan['kind'], of: Partial<NoisePlan> = {}): NoisePlan => ({
    column: 1,
    kind,
    bounds: { count: [1], sum: [steps], mean: [1, steps], quantile: Array.from({ length: 64 }, () => 1) }[
      kind as 'count'
    ] ?? [1, steps, steps],
    low: 0,
    high: 100,
    scale: 50,
    ...of,
  })
  /** The answer of one group `a` whose exact sums are these. */
  const one = (part: NoisePlan, exact: number[], more: Partial<QueryResult['rows'][number]> = {}): QueryResult => {
    const whole = result(['count'], 1)
    const [column] = whole.columns
    const row = { ...whole.rows[0]!, values: ['a', null], exact: [null, exact.map(String)], ...more }
    return {
      ...whole,
      columns: [column!, { name: 'm', kind: part.kind === 'count' ? 'count' : 'value', aggregate: 'count' }],
      rows: [row],
      noise: { rowsPerSubject: 1, declaredGroups: true, parts: [part] },
    }
  }
  const cellOf = (answer: QueryResult, charge = rho): unknown =>
    noiseQuery(answer, charge, stream('exact')).outputs[0]!.rows[0]![1]

  it('a count is whole and never negative', () => {
    expect(cellOf(one(plan('count'), [7]))).toEqual({ value: 7 })
    expect(cellOf(one(plan('count'), [-7]))).toEqual({ value: 0 })
  })
  it('a sum is counted in steps of the larger bound', () => {
    expect(cellOf(one(plan('sum', { scale: 100 }), [3 * steps]))).toMatchObject({ value: 300 })
    expect(cellOf(one(plan('sum', { scale: 100 }), [-3 * steps]))).toMatchObject({ value: -300 })
  })
  it('a mean lies around the middle of its bounds and never outside', () => {
    expect(cellOf(one(plan('mean', { low: 20, high: 100, scale: 40 }), [10, 5 * steps]))).toEqual({
      value: 80,
      precision: 0.001,
    })
    expect(cellOf(one(plan('mean'), [10, 11 * steps]))).toMatchObject({ value: 100 })
    expect(cellOf(one(plan('mean'), [10, -11 * steps]))).toMatchObject({ value: 0 })
  })
  it('a variance is that of a sample, a deviation its root', () => {
    // Five people: the sum of squares is 3 of the unit, of values 1: 3/5 - 1/25 = 0.56; over n - 1: 0.7, of 50 squared.
    const sums = [5, steps, 3 * steps]
    expect((cellOf(one(plan('variance'), sums)) as { value: number }).value).toBeCloseTo(0.7 * 2500, 0)
    expect((cellOf(one(plan('deviation'), sums)) as { value: number }).value).toBeCloseTo(Math.sqrt(0.7 * 2500), 1)
    expect(cellOf(one(plan('variance'), [5, 5 * steps, steps]))).toMatchObject({ value: 0 })
    expect(cellOf(one(plan('variance'), [5, 0, 50 * steps]))).toMatchObject({ value: (2500 * 5) / 4 })
  })
  it('of one person there is no mean, and of two there is', () => {
    expect(cellOf(one(plan('mean'), [1, steps]))).toEqual({ value: null, suppressed: true })
    expect(cellOf(one(plan('mean'), [2, 0]))).toMatchObject({ value: 50 })
  })
  it('a quantile lies straight within the bin that reaches it', () => {
    const bins = (at: Record<number, number>): number[] => Array.from({ length: 64 }, (_, bin) => at[bin] ?? 0)
    const median = plan('quantile', { scale: 1, low: 10, high: 74, quantile: 0.5 })
    expect(cellOf(one(median, bins({ 4: 10 })))).toMatchObject({ value: 14.5 })
    expect(cellOf(one(median, bins({ 4: 10, 20: 10 })))).toMatchObject({ value: 15 })
    expect(cellOf(one(median, bins({ 4: 10, 20: 30 })))).toMatchObject({ value: 30.3 })
    expect(cellOf(one({ ...median, quantile: 0 }, bins({ 4: 10 })))).toMatchObject({ value: 14 })
    expect(cellOf(one({ ...median, quantile: 1 }, bins({ 4: 10, 63: 1 })))).toMatchObject({ value: 74 })
    expect(cellOf(one(median, bins({})))).toEqual({ value: null, suppressed: true })
  })
  it('a result of another mode, or no rho, is refused', () => {
    const answer = one(plan('count'), [7])
    expect(() => noiseQuery({ ...answer, noise: undefined }, rho, stream('a'))).toThrow(RangeError)
    expect(() => noiseQuery(answer, 0n, stream('a'))).toThrow(RangeError)
    expect(() => noiseQuery(answer, -1n, stream('a'))).toThrow(RangeError)
  })
  it('an answer that was cut off does not leave', () => {
    const verdict = noiseQuery({ ...one(plan('count'), [7]), truncated: true }, rho, stream('a'))
    expect(verdict).toMatchObject({
      outcome: 'block',
      code: 'output-limit',
      outputs: [],
      findings: [{ output: 'result', rule: 'size', outcome: 'fail' }],
    })
  })
  it('the total over everybody is there whoever is in it, and is named so', () => {
    const answer = one(plan('count'), [1], { rolledUp: [0], subjects: 1 })
    const undeclared = { ...answer, noise: { ...answer.noise!, declaredGroups: false } }
    expect(noiseQuery(undeclared, rho, stream('a'), 1e-9).outputs[0]!.rows).toEqual([
      [{ value: '(all)' }, { value: 1 }],
    ])
    const group = { ...undeclared, rows: [{ ...answer.rows[0]!, rolledUp: [] }] }
    // One person is under the threshold of 1 and some noise.
    expect(noiseQuery(group, rho, stream('a'), 1e-9).outputs[0]!.rows).toEqual([])
  })
  it('hidden columns do not leave, and formulas are made of what does', () => {
    const answer = one(plan('count'), [8])
    const columns: QueryResult['columns'] = [
      answer.columns[0]!,
      { ...answer.columns[1]!, hidden: true },
      { name: 'half', kind: 'value', formula: { op: '/', of: [{ measure: 1 }, { number: 2 }] } as never },
    ]
    const { outputs } = noiseQuery({ ...answer, columns }, rho, stream('a'))
    expect(outputs[0]!.columns).toEqual([
      { name: 'k', kind: 'group' },
      { name: 'half', kind: 'value' },
    ])
    expect(outputs[0]!.rows[0]!.map(({ value }) => value)).toEqual(['a', 4])
  })
  it('numbers are rounded to the digits below their noise', () => {
    // One vector, a fiftieth of rho: sigma^2 is 25, a standard deviation of 5 times 100. Two digits of 500 are left.
    const sum = one(plan('sum', { scale: 100 }), [1_000_000 * steps])
    const { value, precision } = cellOf(sum, nano / 50n) as { value: number; precision: number }
    expect(precision).toBe(10)
    expect(value % 10).toBe(0)
    const quantile = plan('quantile', { scale: 1, low: 0, high: 64, quantile: 0.5 })
    expect(
      cellOf(
        one(
          quantile,
          Array.from({ length: 64 }, () => 10),
        ),
      ),
    ).toEqual({ value: 32, precision: 0.1 })
  })
  it('the guarantee names rho, the groups of a subject, and delta where groups were not declared', () => {
    const told = (rowsPerSubject: number, declaredGroups: boolean): string => {
      const answer = one(plan('count'), [8])
      return noiseQuery({ ...answer, noise: { ...answer.noise!, rowsPerSubject, declaredGroups } }, nano, stream('a'))
        .guarantee
    }
    expect(told(1, true)).toContain('rho 1 (zCDP)')
    expect(told(1, true)).toContain('in at most 1 group.')
    expect(told(1, true)).not.toContain('left out')
    expect(told(2, false)).toContain('in at most 2 groups.')
    expect(told(2, false)).toContain('left out, which adds delta 1e-9')
  })
  it('errors are said beforehand for each kind', () => {
    const kinds = ['count', 'quantile', 'sum', 'mean', 'variance', 'deviation'] as const
    const parts = kinds.map((kind) => ({ ...plan(kind, { scale: 10 }), name: kind }))
    // sigma^2 = 2 cells * 4 vectors / (2 * 1/4 of rho): 16, so 4 people.
    const said = expectedErrors({ rowsPerSubject: 2, declaredGroups: true, vectors: 4, parts }, nano / 4n)
    const errors = Object.fromEntries(said.map(({ kind, error }) => [kind, error]))
    expect(errors).toEqual({ count: 4, quantile: 4, sum: 40, mean: 0.4, variance: 4, deviation: 2 })
  })
})
