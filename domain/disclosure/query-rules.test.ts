/** Tables of groups as the gate lets them out: rows that stay away, totals that give back, groups that nobody is in. */
import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '../release/policy.ts'
import type { Scalar } from '../release/outputs.ts'
import type { QueryColumn, QueryResult, QueryRow } from '../sql/result.ts'
import { latticeOf } from './query-margins.ts'
import { releaseQuery } from './query-rules.ts'

const group = (name: string, more: Partial<QueryColumn> = {}): QueryColumn => ({ name, kind: 'group', ...more })
const count: QueryColumn = { name: 'n', kind: 'count', aggregate: 'count' }
/** Counts of people by groups: each row is its keys, then how many; `null` in place of a key rolls it up. */
function counts(columns: QueryColumn[], table: [keys: (string | null)[], people: number][]): QueryResult {
  return {
    columns: [...columns, count],
    rows: table.map(([keys, people]): QueryRow => ({
      values: [...keys, people],
      rows: people,
      subjects: people,
      columnSubjects: [...keys.map(() => people), people],
      contributions: [...keys.map(() => null), null],
      fingerprint: '0',
      sets: [],
      rolledUp: [...keys.keys()].filter((at) => keys[at] === null),
    })),
    cohort: { subjects: 1000, fingerprint: '0' },
    selections: table.map(() => ''),
    mode: 'rules',
    truncated: false,
  }
}
const rowsOf = (result: QueryResult): (Scalar | 'hidden')[][] =>
  (releaseQuery(result, defaultPolicy).outputs[0]?.rows ?? []).map((row) =>
    row.map(({ value, suppressed }) => (suppressed ? 'hidden' : value)),
  )

describe('a table of groups', () => {
  const site = group('site')
  it('a group of few has no row, unless its values are listed', () => {
    const table: [string[], number][] = [
      [['a'], 100],
      [['b'], 9],
      [['c'], 50],
      [['d'], 9],
    ]
    expect(rowsOf(counts([site], table))).toEqual([
      ['a', 100],
      ['c', 50],
    ])
    expect(rowsOf(counts([group('site', { values: ['a', 'b', 'c', 'd', 'e'] })], table))).toEqual([
      ['a', 100],
      ['b', 'hidden'],
      ['c', 50],
      ['d', 'hidden'],
      ['e', 'hidden'],
    ])
  })
  it('findings name row and column from 1, and that rows stayed away', () => {
    const table: [string[], number][] = [
      [['a'], 100],
      [['b'], 9],
      [['c'], 9],
    ]
    expect(releaseQuery(counts([site], table), defaultPolicy).findings).toEqual([
      { output: 'result', rule: 'minimum-subjects', outcome: 'suppress' },
    ])
    const listed = group('site', { values: ['a', 'b', 'c'] })
    expect(releaseQuery(counts([listed], table), defaultPolicy).findings).toEqual([
      { output: 'result', cell: '2/2', rule: 'minimum-subjects', outcome: 'suppress' },
      { output: 'result', cell: '3/2', rule: 'minimum-subjects', outcome: 'suppress' },
    ])
    const rounded = { ...defaultPolicy, roundTo: 5 }
    expect(releaseQuery(counts([site], table), rounded).findings).toContainEqual({
      output: 'result',
      rule: 'rounding',
      outcome: 'round',
    })
  })
  it('a lone small group takes a second one with it, where the total is known', () => {
    const listed = group('site', { values: ['a', 'b', 'c'] })
    const result = counts(
      [listed],
      [
        [['a'], 100],
        [['b'], 9],
        [['c'], 50],
        [[null], 159],
      ],
    )
    expect(rowsOf(result)).toEqual([
      ['(all)', 159],
      ['a', 100],
      ['b', 'hidden'],
      ['c', 'hidden'],
    ])
    expect(
      releaseQuery(result, defaultPolicy)
        .findings.map(({ rule }) => rule)
        .sort(),
    ).toEqual(['complementary', 'minimum-subjects'])
  })
  it('when everything would be hidden, nothing leaves; of no rows at all the cohort is said to be too small', () => {
    expect(releaseQuery(counts([site], [[['a'], 9]]), defaultPolicy)).toMatchObject({
      outcome: 'block',
      code: 'output-unsafe',
      findings: [{ output: 'result', rule: 'minimum-subjects', outcome: 'fail' }],
    })
    expect(releaseQuery(counts([site], []), defaultPolicy).code).toBe('cohort-too-small')
    expect(releaseQuery({ ...counts([site], [[['a'], 90]]), truncated: true }, defaultPolicy).code).toBe('output-limit')
  })
  it('tells which sets are shown: -1 for a column of the whole row, nothing for a row that stays away', () => {
    const verdict = releaseQuery(
      counts(
        [site],
        [
          [['a'], 100],
          [['b'], 9],
          [['c'], 9],
        ],
      ),
      defaultPolicy,
    )
    expect(verdict.told).toEqual([[-1], [], []])
  })
  it('a condition that nobody meets looks as one that few meet', () => {
    const made = group('kind', { made: true, values: ['x', 'y', 'z'] })
    const others: [string[], number][] = [
      [['x'], 100],
      [['y'], 50],
    ]
    const few = rowsOf(counts([made], [...others, [['z'], 3]]))
    expect(few).toEqual([
      ['x', 100],
      ['y', 'hidden'],
      ['z', 'hidden'],
    ])
    expect(rowsOf(counts([made], others))).toEqual(few)
  })
  it('hidden columns do not leave; a formula of a hidden cell is hidden', () => {
    const listed = group('site', { values: ['a', 'b', 'c'] })
    const result = counts(
      [listed],
      [
        [['a'], 100],
        [['b'], 9],
        [['c'], 8],
      ],
    )
    const half: QueryColumn = {
      name: 'half',
      kind: 'value',
      formula: { op: '/', of: [{ measure: 1 }, { number: 2 }] } as never,
    }
    const columns = [listed, { ...count, hidden: true }, half]
    const verdict = releaseQuery({ ...result, columns }, defaultPolicy)
    expect(verdict.outputs[0]!.columns.map(({ name }) => name)).toEqual(['site', 'half'])
    expect(verdict.outputs[0]!.rows.map((row) => row.map(({ value }) => value))).toEqual([
      ['a', 50],
      ['b', null],
      ['c', null],
    ])
  })
})

describe('the totals that could be asked for', () => {
  it('of two groups: four rows, two and two margins, and one over everybody', () => {
    const lattice = latticeOf(
      counts(
        [group('x'), group('y')],
        [
          [['a', 'p'], 1],
          [['a', 'q'], 2],
          [['b', 'p'], 4],
          [['b', 'q'], 8],
        ],
      ),
    )!
    expect(lattice.elsewhere).toEqual([4, 5, 6, 7, 8])
    expect(
      lattice
        .valuesOf([1, 2, 4, 8])
        .slice(4)
        .sort((first, second) => first - second),
    ).toEqual([3, 5, 10, 12, 15])
    expect(lattice.equations).toHaveLength(6)
    for (const { total, parts } of lattice.equations) {
      const values = lattice.valuesOf([1, 2, 4, 8])
      expect(parts.reduce((sum, part) => sum + values[part]!, 0)).toBe(values[total])
      expect(parts).toHaveLength(2)
    }
  })
  it('a total that was asked for is the one of the answer, not another', () => {
    const lattice = latticeOf(
      counts(
        [group('x')],
        [
          [['a'], 1],
          [['b'], 2],
          [[null], 3],
        ],
      ),
    )!
    expect(lattice.elsewhere).toEqual([])
    expect(lattice.equations).toEqual([{ total: 2, parts: [0, 1] }])
    expect(lattice.valuesOf([1, 2, 3])).toEqual([1, 2, 3])
  })
})
