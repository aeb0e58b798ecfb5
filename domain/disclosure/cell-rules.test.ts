import { describe, expect, it } from 'vitest'
import { type DisclosurePolicy, defaultPolicy, type Rule, type Finding } from '../release/policy.ts'
import type { QueryResult, QuerySet } from '../sql/result.ts'
import { cellRules } from './cell-rules.ts'
import { releaseQuery } from './query-rules.ts'
import { shownCount } from './rounding.ts'
import { type AskedCell, answerWith, contributionsOf } from './testing/cells.ts'

/** The rule that the gate hides the cell under test by, or that it shows it. */
function judged(cell: AskedCell, policy: Partial<DisclosurePolicy> = {}): Rule | 'shown' {
  const verdict = releaseQuery(answerWith(cell), { ...defaultPolicy, ...policy })
  expect(verdict.outcome).toBe('release')
  const [shownCell] = verdict.outputs[0]!.rows[0]!.slice(1)
  const finding = verdict.findings.find((f: Finding) => f.cell === '1/2')
  expect(shownCell!.suppressed === true).toBe(finding !== undefined)
  return finding?.rule ?? 'shown'
}

const total = (largest: number, second: number, all: number): AskedCell => ({
  column: { aggregate: 'sum' },
  contributions: { largest, second, total: all, allEqual: false },
})
const quantile = (at: number | undefined, subjects: number): AskedCell => ({
  column: { aggregate: at === undefined ? 'median' : 'quantile', quantile: at },
  subjects,
})
const fitted = (aggregate: 'correlation' | 'slope' | 'intercept' | 'covariance', subjects: number): AskedCell => ({
  column: { aggregate },
  subjects,
})
const part = (apart: QuerySet['apart'], more: Partial<QuerySet> = {}): QuerySet => ({
  subjects: 300,
  fingerprint: '0000000000000003',
  apart,
  ...more,
})
/** A column about the second of two parts of the row. */
const parts = (own: QuerySet, other = part([]), presence?: true): AskedCell => ({
  column: { kind: 'count', aggregate: 'count', set: 1, presence },
  value: 300,
  row: { sets: [other, own] },
})
const whole = -1

type Row = [what: string, cell: AskedCell, verdict: Rule | 'shown', policy?: Partial<DisclosurePolicy>]
/** A row per rule under, at and over its limit. */
const table: Row[] = [
  ['9 people', { subjects: 9 }, 'minimum-subjects'],
  ['10 people', { subjects: 10 }, 'shown'],
  ['11 people', { subjects: 11 }, 'shown'],
  ['nobody', { subjects: 0 }, 'minimum-subjects'],
  ['19 people where 20 are wanted', { subjects: 19 }, 'minimum-subjects', { minimumSubjects: 20 }],
  ['20 people where 20 are wanted', { subjects: 20 }, 'shown', { minimumSubjects: 20 }],
  ['a count of 11, redacted up to 12', count(11), 'minimum-subjects', { redactUpTo: 12 }],
  ['a count of 12, redacted up to 12', count(12), 'minimum-subjects', { redactUpTo: 12 }],
  ['a count of 13, redacted up to 12', count(13), 'shown', { redactUpTo: 12 }],
  ['a mean of 12, counts redacted up to 12', { subjects: 12 }, 'shown', { redactUpTo: 12 }],

  ['9 people between two parts', parts(part([{ other: 0, subjects: 9 }])), 'differencing'],
  ['10 people between two parts', parts(part([{ other: 0, subjects: 10 }])), 'shown'],
  ['11 people between two parts', parts(part([{ other: 0, subjects: 11 }])), 'shown'],
  ['nobody between two parts', parts(part([{ other: 0, subjects: 0 }])), 'differencing'],
  [
    'nobody between two parts, this one of those with a value',
    parts(part([{ other: 0, subjects: 0 }], { natural: true })),
    'shown',
  ],
  [
    'nobody between two parts, the other of those with a value',
    parts(part([{ other: 0, subjects: 0 }]), part([], { natural: true })),
    'shown',
  ],
  ['1 person between parts with a value', parts(part([{ other: 0, subjects: 1 }], { natural: true })), 'differencing'],
  ['9 people missing from the whole', parts(part([{ other: whole, subjects: 9 }])), 'differencing'],
  ['nobody missing from the whole', parts(part([{ other: whole, subjects: 0 }])), 'differencing'],
  ['9 people without a value', parts(part([{ other: whole, subjects: 9 }]), part([]), true), 'shown'],
  ['a part further on is not looked at from here', parts(part([{ other: 2, subjects: 1 }])), 'shown'],
  ['a part is not compared with itself', parts(part([{ other: 1, subjects: 1 }])), 'shown'],

  ['everybody has the same value', same([7, 7, 7, 7]), 'single-value'],
  ['everybody but one has the same value', same([7, 7, 7, 6]), 'shown', { dominanceShare: 1 }],

  ['two have 899 of 1,000', total(500, 399, 1000), 'shown'],
  ['two have 900 of 1,000', total(500, 400, 1000), 'dominance'],
  ['two have 901 of 1,000', total(500, 401, 1000), 'dominance'],
  ['one has 899 of 1,000', total(899, 1, 1000), 'shown', { dominanceCount: 1 }],
  ['one has 900 of 1,000', total(900, 1, 1000), 'dominance', { dominanceCount: 1 }],
  ['one has 901 of 1,000', total(901, 1, 1000), 'dominance', { dominanceCount: 1 }],
  ['three have at most 899 of 1,000', total(499, 200, 1000), 'shown', { dominanceCount: 3 }],
  ['three have up to 900 of 1,000', total(500, 200, 1000), 'dominance', { dominanceCount: 3 }],
  ['five have all of it', total(300, 250, 1000), 'dominance', { dominanceCount: 5, dominanceShare: 1 }],
  [
    'five have more than all of it, by what is known',
    total(300, 250, 1000),
    'shown',
    { dominanceCount: 5, dominanceShare: 1.1 },
  ],
  ['nobody has anything', total(0, 0, 0), 'shown'],

  ['9 remain beside the largest, 100', total(100, 10, 119), 'p-ratio', { dominanceShare: 0.95 }],
  ['10 remain beside the largest, 100', total(100, 10, 120), 'shown', { dominanceShare: 0.95 }],
  ['11 remain beside the largest, 100', total(100, 10, 121), 'shown', { dominanceShare: 0.95 }],

  ['a twentieth of 99', quantile(0.05, 99), 'extreme'],
  ['a twentieth of 100', quantile(0.05, 100), 'shown'],
  ['a twentieth of 101', quantile(0.05, 101), 'shown'],
  ['the upper quarter of 19', quantile(0.75, 19), 'extreme'],
  ['the upper quarter of 20', quantile(0.75, 20), 'shown'],
  ['the upper quarter of 21', quantile(0.75, 21), 'shown'],
  ['the median of 10', quantile(undefined, 10), 'shown'],
  ['a mean of 11 has no quantile', { subjects: 11, column: { aggregate: 'mean', quantile: 0.05 } }, 'shown'],

  ...(['correlation', 'slope', 'intercept', 'covariance'] as const).flatMap((aggregate): Row[] => [
    [`a ${aggregate} of 11`, fitted(aggregate, 11), 'residual-degrees'],
    [`a ${aggregate} of 12`, fitted(aggregate, 12), 'shown'],
    [`a ${aggregate} of 13`, fitted(aggregate, 13), 'shown'],
  ]),
]
function count(subjects: number): AskedCell {
  return { column: { kind: 'count', aggregate: 'count' }, value: subjects, subjects }
}
function same(values: number[]): AskedCell {
  return { column: { aggregate: 'sum' }, contributions: contributionsOf([...values, ...values, ...values]) }
}

describe('the rules of a cell, as the gate judges a statement', () => {
  it.each(table)('%s', (_, cell, verdict, policy) => expect(judged(cell, policy)).toBe(verdict))

  it('have all fired in this table', () => {
    const fired = new Set(table.map(([, cell, , policy]) => judged(cell, policy)))
    expect([...fired].filter((rule) => rule !== 'shown').sort()).toEqual(cellRules.map((rule) => rule.name).sort())
  })
  it('are each said in a sentence', () => {
    for (const rule of cellRules) expect(rule.words(defaultPolicy)).toMatch(/^[A-Z].*\.$/)
  })
  it('name the first that is broken', () => {
    const few = { ...total(900, 50, 1000), subjects: 3 }
    expect(judged(few)).toBe('minimum-subjects')
    expect(judged({ ...few, subjects: 30 })).toBe('dominance')
  })
})

describe('a total', () => {
  const spread = Array.from({ length: 20 }, (_, i) => 10 + i)
  const of = (values: number[]): AskedCell => ({ column: { aggregate: 'sum' }, contributions: contributionsOf(values) })
  it('is dominated by two large contributors, whatever their sign', () => {
    expect(judged(of(spread))).toBe('shown')
    expect(judged(of([5000, 4000, ...spread]))).toBe('dominance')
    expect(judged(of([-5000, 4000, ...spread]))).toBe('dominance')
    expect(judged(of([100_000, 4000, ...spread]), { dominanceShare: 1 })).toBe('p-ratio')
  })
  it('says something of everybody when all values are the same', () =>
    expect(judged(of(Array.from({ length: 20 }, () => 7)))).toBe('single-value'))
})

describe('rows and cohorts', () => {
  const groups = (subjects: readonly number[], cohort = 1000): QueryResult => {
    const { columns, rows, ...rest } = answerWith({})
    return {
      ...rest,
      cohort: { ...rest.cohort, subjects: cohort },
      columns: [{ name: 'site', kind: 'group' }, columns[1]!],
      rows: subjects.map((people, place) => ({
        ...rows[0]!,
        values: [`site ${place}`, place + 0.5],
        subjects: people,
        columnSubjects: [people, people],
        contributions: [null, null],
      })),
    }
  }
  it.each([
    [9, 2],
    [10, 3],
    [11, 3],
  ])('a group of %i people beside two large ones: %i rows', (subjects, rows) => {
    const verdict = releaseQuery(groups([100, 200, subjects]), defaultPolicy)
    expect(verdict.outputs[0]!.rows).toHaveLength(rows)
  })
  it.each([
    [9, 'output-unsafe'],
    [10, undefined],
    [11, undefined],
  ])('a row of %i people: %s', (subjects, code) =>
    expect(releaseQuery(answerWith({ row: { subjects } }), defaultPolicy).code).toBe(code),
  )
  it.each([
    [9, 'cohort-too-small'],
    [10, undefined],
    [11, undefined],
  ])('a cohort of %i people: %s', (subjects, code) =>
    expect(releaseQuery(groups([100, 200], subjects), defaultPolicy).code).toBe(code),
  )
  it.each([
    [1, 'output-limit'],
    [2, undefined],
    [3, undefined],
  ])('two rows where %i may leave: %s', (rows, code) =>
    expect(releaseQuery(groups([100, 200]), { ...defaultPolicy, rows }).code).toBe(code),
  )
})

describe('a count', () => {
  it('is rounded after redaction', () => {
    const policy = { roundTo: 5, redactUpTo: 7 }
    expect([7, 8, 12, 13].map((n) => shownCount(n, policy))).toEqual([undefined, 10, 10, 15])
  })
})
