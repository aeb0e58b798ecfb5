/**
 * A plan as SQL that carries, beside each number, what the gate needs: distinct subjects, fingerprints, the largest
 * contributions.
 *
 * Where each subject has one row, rows are subjects and all of it is one pass. Otherwise the numbers are one pass over
 * rows, and the facts another over (cell, subject) first and cells then.
 */
import type { Plan } from '../../domain/sql/plan.ts'
import { rowOf } from '../../domain/sql/relation.ts'
import { aggregateSql, bind, type Bound, isTotal, shownKey } from './bound-measures.ts'

export interface Rewrite {
  bound: Bound[]
  /** Conditions by index; column `p<i>` of the projection. */
  sets: string[]
  /** Those that say only that a column is not missing. */
  natural: ReadonlySet<number>
  /** Conditions of `mixed`; column `x<i>` of the projection. */
  mixed: string[]
  /** Pairs of sets (-1 is the whole row) whose symmetric difference is counted. */
  pairs: [number, number][]
  /** For each measure, the first one of the same numbers: it stands for both in the facts. */
  same: number[]
  /** One statement for numbers and facts, or numbers and facts apart. Columns are named. */
  numbers: string
  facts?: string
}

const groupBy = (plan: Plan, more = ''): string => {
  const names = (s: number[]): string => `(${[...s.map((i) => `k${i}`), ...(more ? [more] : [])].join(', ')})`
  if (plan.keys.length === 0) return more ? ` GROUP BY ${more}` : ''
  return plan.sets.length === 1
    ? ` GROUP BY ${[...plan.sets[0]!.map((i) => `k${i}`), ...(more ? [more] : [])].join(', ') || '()'}`
    : ` GROUP BY GROUPING SETS (${plan.sets.map(names).join(', ')})`
}
const keyColumns = (plan: Plan): string[] =>
  plan.keys.length === 0
    ? ['0 AS gid']
    : [`grouping(${plan.keys.map((_, i) => `k${i}`).join(', ')}) AS gid`, ...plan.keys.map((_, i) => `k${i}`)]

/** Two sets by their indexes, the later one last; -1 is the whole row. */
type Pair = Rewrite['pairs'][number]
const pairName = ([one, other]: Pair): string => `d${one + 1}_${other}`
const apart = ([one, other]: Pair): string => (one < 0 ? `NOT p${other}` : `p${one} <> p${other}`)
const pairsOf = (sets: number): Pair[] =>
  Array.from({ length: sets }, (_, later): Pair[] => [
    [-1, later],
    ...Array.from({ length: later }, (_earlier, index): Pair => [index, later]),
  ]).flat()

/** A measure that is computed from numbers, as the facts know it. */
interface Valued {
  measured: Bound
  /** Its place among the plan's measures. */
  index: number
  /** Its number where it counts: of a pair, where neither is missing. */
  both: string
  /** Whether the largest contributions to it, or to another measure of the same numbers, are wanted. */
  total: boolean
}

/** Whether two measures are of the same numbers. */
const ofSameNumbers = (one: Bound, other: Bound): boolean =>
  one.x !== undefined && one.x === other.x && one.y === other.y && one.filter === other.filter

function valuedOf(bound: readonly Bound[], same: readonly number[]): Valued[] {
  return bound
    .map((measured, index) => ({
      measured,
      index,
      both: measured.y ? `CASE WHEN ${measured.y} IS NOT NULL THEN ${measured.x} END` : measured.x!,
      total: bound.some((other) => ofSameNumbers(other, measured) && isTotal(other.measure)),
    }))
    .filter(({ measured, index }) => measured.x !== undefined && same[index] === index)
}

const filterOf = ({ filter }: Bound): string => (filter === undefined ? '' : ` FILTER (WHERE p${filter})`)

/**
 * Whether all numbers of a measure are equal, as column `e<i>`: the same hash for each. Faster than the smallest
 * against the largest by far; should two hashes meet, a number is left out that could have been shown.
 */
function allEqual({ measured, index }: Valued): string {
  const hashes = (aggregate: 'bit_and' | 'bit_or', column: string): string =>
    `${aggregate}(CASE WHEN ${column} IS NOT NULL THEN hash(${column}) END)${filterOf(measured)}`
  const columns = [measured.x!, ...(measured.y ? [measured.y] : [])]
  return `${columns.map((column) => `${hashes('bit_and', column)} = ${hashes('bit_or', column)}`).join(' OR ')} AS e${index}`
}

/** What the statements are made of. */
interface Parts {
  sets: readonly string[]
  mixed: readonly string[]
  pairs: readonly Pair[]
  valued: readonly Valued[]
}

/** Facts beside the numbers, where a row is a subject. */
const factsOfRows = ({ sets, mixed, pairs, valued }: Parts): string[] => [
  'count(*) AS n',
  'count(*) AS subjects',
  'bit_xor(hash(s)) AS fp',
  ...sets.flatMap((_, set) => [
    `count(*) FILTER (WHERE p${set}) AS sn${set}`,
    `bit_xor(hash(s)) FILTER (WHERE p${set}) AS sf${set}`,
  ]),
  ...pairs.map((pair) => `count(*) FILTER (WHERE ${apart(pair)}) AS ${pairName(pair)}`),
  ...mixed.map((_, index) => `count(*) FILTER (WHERE x${index}) AS xn${index}`),
  ...valued.map(allEqual),
  ...valued.flatMap(({ measured, index, both, total }) => {
    const on = filterOf(measured)
    const largest = [`max(abs(${measured.x}), 2)${on} AS t${index}`, `sum(abs(${measured.x}))${on} AS u${index}`]
    return [`count(${both})${on} AS c${index}`, ...(total ? largest : [])]
  }),
]

/**
 * One subject's part of a cell. Who has a value has a sum of them, so that a sum stands for both. What rows show by
 * themselves is not asked of subjects again.
 */
const columnsOfSubject = ({ sets, mixed, pairs, valued }: Parts): string[] => [
  ...sets.map((_, set) => `bool_or(p${set}) AS p${set}`),
  ...pairs.map((pair) => `bool_or(${apart(pair)}) AS ${pairName(pair)}`),
  ...mixed.map((_, index) => `bool_or(x${index}) AS x${index}`),
  ...valued.flatMap(({ measured, index, both, total }) => [
    ...(total ? [`sum(abs(${measured.x}))${filterOf(measured)} AS u${index}`] : []),
    ...(total && !measured.y ? [] : [`count(${both})${filterOf(measured)} AS v${index}`]),
  ]),
]

/** Facts over the subjects of a cell. */
const factsOfSubjects = ({ sets, mixed, pairs, valued }: Parts): string[] => [
  'count(*) AS subjects',
  'bit_xor(hash(s)) AS pp',
  ...sets.flatMap((_, set) => [
    `count(*) FILTER (WHERE p${set}) AS sn${set}`,
    `bit_xor(hash(s)) FILTER (WHERE p${set}) AS sp${set}`,
  ]),
  ...pairs.map((pair) => `count(*) FILTER (WHERE ${pairName(pair)}) AS ${pairName(pair)}`),
  ...mixed.map((_, index) => `count(*) FILTER (WHERE x${index}) AS xn${index}`),
  ...valued.flatMap(({ measured, index, total }) => [
    total && !measured.y ? `count(u${index}) AS c${index}` : `count(*) FILTER (WHERE v${index} > 0) AS c${index}`,
    ...(total ? [`max(u${index}, 2) AS t${index}`, `sum(u${index}) AS u${index}`] : []),
  ]),
]

/** The statements for `rules`, over views named as the tables. */
export function rewriteRules(plan: Plan): Rewrite {
  const { bound, sets, natural, mixed, columns } = bind(plan)
  const row = rowOf(plan.from)
  const pairs = pairsOf(sets.length)
  const same = bound.map((measured, index) => {
    const first = bound.findIndex((other) => ofSameNumbers(other, measured))
    return first < 0 ? index : first
  })
  const valued = valuedOf(bound, same)
  const parts: Parts = { sets, mixed, pairs, valued }
  const keys = plan.keys.map((_, i) => `k${i}`)
  const inner = [
    `${plan.from.subject} AS s`,
    ...(row ? [`${row} AS w`] : []),
    ...plan.keys.map((key, i) => `${shownKey(key)} AS k${i}`),
    ...columns.map((sql, i) => `${sql} AS a${i}`),
    ...sets.map((condition, i) => `coalesce(${condition}, FALSE) AS p${i}`),
    ...mixed.map((condition, i) => `coalesce(${condition}, FALSE) AS x${i}`),
  ]
  const projection = `SELECT ${inner.join(', ')} FROM ${plan.from.sql}${plan.where}`
  const shown = [...keyColumns(plan), ...bound.map((measured, i) => `${aggregateSql(measured, bound)} AS m${i}`)]
  const made = { bound, sets, natural, mixed, pairs, same }
  if (!row) {
    const numbers = [...shown, ...factsOfRows(parts)]
    return { ...made, numbers: `SELECT ${numbers.join(', ')} FROM (${projection})${groupBy(plan)}` }
  }
  const numbers = [
    ...shown,
    'count(*) AS n',
    'bit_xor(hash(s, w)) AS fp',
    ...sets.map((_, i) => `bit_xor(hash(s, w)) FILTER (WHERE p${i}) AS sf${i}`),
    ...valued.map(allEqual),
  ]
  const ofSubject = [...keyColumns(plan), 's', ...columnsOfSubject(parts)]
  const bySubject = `SELECT ${ofSubject.join(', ')} FROM (${projection})${groupBy(plan, 's')}`
  const cell = ['gid', ...keys]
  return {
    ...made,
    numbers: `SELECT ${numbers.join(', ')} FROM (${projection})${groupBy(plan)}`,
    facts: `SELECT ${[...cell, ...factsOfSubjects(parts)].join(', ')} FROM (${bySubject}) GROUP BY ${cell.join(', ')}`,
  }
}
