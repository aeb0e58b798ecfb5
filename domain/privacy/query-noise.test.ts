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
