/**
 * A plan as SQL that carries, beside each number, what the gate needs: distinct subjects, fingerprints, the largest
 * contributions.
 *
 * Where each subject has one row, rows are subjects and all of it is one pass. Otherwise the numbers are one pass over
 * rows, and the facts another over (cell, subject) first and cells then.
 */
import type { Measure } from '../../domain/sql/aggregates.ts'
import { type Expr, usesOf } from '../../domain/sql/expr.ts'
import { double, finite } from '../../domain/sql/doubles.ts'
import type { Scalar } from '../../domain/release/outputs.ts'
import type { Plan } from '../../domain/sql/plan.ts'
import { notAllowed } from '../../domain/sql/refused.ts'
import { rowOf } from '../../domain/sql/relation.ts'

/**
 * A measure, tied to columns of the inner projection: `x` and `y` are its numbers, `set` the subjects it is about,
 * `filter` what FILTER picks.
 */
export interface Bound {
  measure: Measure
  x?: string
  y?: string
  set?: number
  filter?: number
  /** Index of a condition: that none of the columns it is made of is missing. */
  mixed?: number
  indicator: boolean
}
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

const maxSets = 12

/** SQL of a grouping column as it is shown. */
const shownKey = (k: Expr): string =>
  k.type === 'date' || k.type === 'datetime' ? `CAST(${k.sql} AS VARCHAR)` : k.type === 'number' ? double(k) : k.sql

/** The aggregate of a measure; quantiles of the same numbers are one, so that they are sorted once. */
const aggregateSql = (b: Bound, bound: readonly Bound[]): string => {
  const filter = (p: number | undefined): string => (p === undefined ? '' : ` FILTER (WHERE p${p})`)
  const { measure: m, x, y } = b
  switch (m.aggregate) {
    case 'count':
    case 'count-subjects':
      return `count(*)${filter(b.set)}`
    case 'sum':
      return `sum(${x})${filter(b.filter)}`
    case 'mean':
      return `avg(${x})${filter(b.filter)}`
    case 'variance':
      return `var_samp(${x})${filter(b.filter)}`
    case 'deviation':
      return `stddev_samp(${x})${filter(b.filter)}`
    case 'median':
    case 'quantile': {
      const all = [
        ...new Set(
          bound
            .filter((o) => isQuantile(o.measure) && o.x === x && o.filter === b.filter)
            .map((o) => o.measure.quantile ?? 0.5),
        ),
      ]
      return `quantile_cont(${x}, [${all.join(', ')}])${filter(b.filter)}[${all.indexOf(m.quantile ?? 0.5) + 1}]`
    }
    case 'correlation':
      return `corr(${x}, ${y})${filter(b.filter)}`
    case 'covariance':
      return `covar_samp(${x}, ${y})${filter(b.filter)}`
    case 'slope':
      return `regr_slope(${x}, ${y})${filter(b.filter)}`
    case 'intercept':
      return `regr_intercept(${x}, ${y})${filter(b.filter)}`
  }
}
export const isCount = (m: Measure): boolean => m.aggregate === 'count' || m.aggregate === 'count-subjects'
const isQuantile = (m: Measure): boolean => m.aggregate === 'median' || m.aggregate === 'quantile'
/** Aggregates whose value one large contributor can dominate. */
export const isTotal = (m: Measure): boolean => ['sum', 'mean', 'variance', 'deviation'].includes(m.aggregate)

/** Numbers of a plan's measures, sets and columns. */
export function bind(plan: Plan): {
  bound: Bound[]
  sets: string[]
  natural: Set<number>
  mixed: string[]
  columns: string[]
} {
  const sets: string[] = []
  const mixed: string[] = []
  const columns: string[] = []
  const natural = new Set<number>()
  const at = (all: string[], sql: string): number => {
    const i = all.indexOf(sql)
    return i >= 0 ? i : all.push(sql) - 1
  }
  const both = (a: string | undefined, b: string): string => (a === undefined ? b : `(${a} AND ${b})`)
  const bound = plan.measures.map((m): Bound => {
    const filter = m.filter === undefined ? undefined : at(sets, m.filter)
    const e = m.argument
    if (!e) return { measure: m, ...(filter === undefined ? {} : { set: filter, filter }), indicator: false }
    if (isCount(m)) {
      const set = at(sets, both(m.filter, `(${e.sql} IS NOT NULL)`))
      if (e.pure && e.smooth && !m.filter) natural.add(set)
      return { measure: m, set, ...(filter === undefined ? {} : { filter }), indicator: false }
    }
    const indicator = e.indicator !== undefined
    const set = indicator ? at(sets, both(m.filter, e.indicator!.sql)) : filter
    const uses = [...new Set([...usesOf(e), ...(m.second ? usesOf(m.second) : [])])]
    // A value that is missing where another column is picks people by that column; alone, a column has everybody who
    // has it.
    const picks =
      !indicator && uses.length > 1
        ? at(mixed, both(m.filter, `(${uses.map((u) => `${u} IS NOT NULL`).join(' AND ')})`))
        : undefined
    return {
      measure: m,
      x: `a${at(columns, finite(e))}`,
      ...(m.second ? { y: `a${at(columns, finite(m.second))}` } : {}),
      ...(set === undefined ? {} : { set }),
      ...(filter === undefined ? {} : { filter }),
      ...(picks === undefined ? {} : { mixed: picks }),
      indicator,
    }
  })
  if (sets.length > maxSets)
    throw notAllowed(`At most ${maxSets} different conditions (FILTER, CASE, count of a column) in one query.`)
  return { bound, sets, natural, mixed, columns }
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

/** The statements for `rules`, over views named as the tables. */
export function rewriteRules(plan: Plan): Rewrite {
  const { bound, sets, natural, mixed, columns } = bind(plan)
  const row = rowOf(plan.from)
  const pairs: [number, number][] = sets.flatMap((_, i): [number, number][] => [
    [-1, i],
    ...Array.from({ length: i }, (_, j): [number, number] => [j, i]),
  ])
  const projection = `SELECT ${[`${plan.from.subject} AS s`, ...(row ? [`${row} AS w`] : []), ...plan.keys.map((k, i) => `${shownKey(k)} AS k${i}`), ...columns.map((c, i) => `${c} AS a${i}`), ...sets.map((p, i) => `coalesce(${p}, FALSE) AS p${i}`), ...mixed.map((p, i) => `coalesce(${p}, FALSE) AS x${i}`)].join(', ')} FROM ${plan.from.sql}${plan.where}`
  const values = bound.map((b, i) => `${aggregateSql(b, bound)} AS m${i}`)
  const alike = (a: Bound, b: Bound): boolean =>
    a.x !== undefined && a.x === b.x && a.y === b.y && a.filter === b.filter
  const same = bound.map((b, i) => {
    const first = bound.findIndex((o) => alike(o, b))
    return first < 0 ? i : first
  })
  const valued = bound
    .map((b, i) => ({
      b,
      i,
      both: b.y ? `CASE WHEN ${b.y} IS NOT NULL THEN ${b.x} END` : b.x!,
      total: bound.some((o) => alike(o, b) && isTotal(o.measure)),
    }))
    .filter(({ b, i }) => b.x !== undefined && same[i] === i)
  const on = (b: Bound): string => (b.filter === undefined ? '' : ` FILTER (WHERE p${b.filter})`)
  // All equal: the same hash for each. Faster than the smallest against the largest by far; should two hashes meet, a
  // number is left out that could have been shown.
  const hashes = (f: 'bit_and' | 'bit_or', x: string, b: Bound): string =>
    `${f}(CASE WHEN ${x} IS NOT NULL THEN hash(${x}) END)${on(b)}`
  const equal = valued.map(
    ({ b, i }) =>
      `${[b.x!, ...(b.y ? [b.y] : [])].map((x) => `${hashes('bit_and', x, b)} = ${hashes('bit_or', x, b)}`).join(' OR ')} AS e${i}`,
  )
  if (!row) {
    const facts = [
      'count(*) AS n',
      'count(*) AS subjects',
      'bit_xor(hash(s)) AS fp',
      ...sets.flatMap((_, i) => [
        `count(*) FILTER (WHERE p${i}) AS sn${i}`,
        `bit_xor(hash(s)) FILTER (WHERE p${i}) AS sf${i}`,
      ]),
      ...pairs.map(([a, b]) => `count(*) FILTER (WHERE ${a < 0 ? `NOT p${b}` : `p${a} <> p${b}`}) AS d${a + 1}_${b}`),
      ...mixed.map((_, i) => `count(*) FILTER (WHERE x${i}) AS xn${i}`),
      ...equal,
      ...valued.flatMap(({ b, i, both, total }) => [
        `count(${both})${on(b)} AS c${i}`,
        ...(total ? [`max(abs(${b.x}), 2)${on(b)} AS t${i}`, `sum(abs(${b.x}))${on(b)} AS u${i}`] : []),
      ]),
    ]
    return {
      bound,
      sets,
      natural,
      mixed,
      pairs,
      same,
      numbers: `SELECT ${[...keyColumns(plan), ...values, ...facts].join(', ')} FROM (${projection})${groupBy(plan)}`,
    }
  }
  const numbers = `SELECT ${[...keyColumns(plan), ...values, 'count(*) AS n', 'bit_xor(hash(s, w)) AS fp', ...sets.map((_, i) => `bit_xor(hash(s, w)) FILTER (WHERE p${i}) AS sf${i}`), ...equal].join(', ')} FROM (${projection})${groupBy(plan)}`
  // Who has a value has a sum of them, so that a sum stands for both. What rows show by themselves is not asked of
  // subjects again.
  const perSubject = [
    ...sets.map((_, i) => `bool_or(p${i}) AS p${i}`),
    ...pairs.map(([a, b]) => `bool_or(${a < 0 ? `NOT p${b}` : `p${a} <> p${b}`}) AS d${a + 1}_${b}`),
    ...mixed.map((_, i) => `bool_or(x${i}) AS x${i}`),
    ...valued.flatMap(({ b, i, both, total }) => [
      ...(total ? [`sum(abs(${b.x}))${on(b)} AS u${i}`] : []),
      ...(total && !b.y ? [] : [`count(${both})${on(b)} AS v${i}`]),
    ]),
  ]
  const facts = [
    'count(*) AS subjects',
    'bit_xor(hash(s)) AS pp',
    ...sets.flatMap((_, i) => [
      `count(*) FILTER (WHERE p${i}) AS sn${i}`,
      `bit_xor(hash(s)) FILTER (WHERE p${i}) AS sp${i}`,
    ]),
    ...pairs.map(([a, b]) => `count(*) FILTER (WHERE d${a + 1}_${b}) AS d${a + 1}_${b}`),
    ...mixed.map((_, i) => `count(*) FILTER (WHERE x${i}) AS xn${i}`),
    ...valued.flatMap(({ b, i, total }) => [
      total && !b.y ? `count(u${i}) AS c${i}` : `count(*) FILTER (WHERE v${i} > 0) AS c${i}`,
      ...(total ? [`max(u${i}, 2) AS t${i}`, `sum(u${i}) AS u${i}`] : []),
    ]),
  ]
  const stage = `SELECT ${[...keyColumns(plan), 's', ...perSubject].join(', ')} FROM (${projection})${groupBy(plan, 's')}`
  return {
    bound,
    sets,
    natural,
    mixed,
    pairs,
    same,
    numbers,
    facts: `SELECT ${['gid', ...plan.keys.map((_, i) => `k${i}`), ...facts].join(', ')} FROM (${stage}) GROUP BY ${['gid', ...plan.keys.map((_, i) => `k${i}`)].join(', ')}`,
  }
}

/**
 * The condition that picks a row of the answer, or one of its sets, as SQL after FROM: the same text for the same
 * question, whatever else the statement asks.
 */
export function pickedBy(
  plan: Plan,
  set: number,
  keys: readonly Scalar[],
  rolledUp: readonly number[],
  literal: (v: Scalar) => string,
): {
  where: string
  /**
   * No condition of the asker's own making: none, groups of columns as they are, or what picks the same rows of
   * everybody.
   */
  plain: boolean
} {
  const { sets } = bind(plan)
  const tests = [
    ...plan.keys
      .flatMap((k, i) =>
        rolledUp.includes(i)
          ? []
          : [
              `${shownKey(k)} IS NOT DISTINCT FROM ${k.type === 'number' && typeof keys[i] === 'number' ? `CAST('${keys[i]}' AS DOUBLE)` : literal(keys[i] ?? null)}`,
            ],
      )
      .sort(),
    ...(set >= 0 && sets[set] !== undefined ? [`coalesce(${sets[set]}, FALSE)`] : []),
  ]
  const plain =
    plan.uniform &&
    !(set >= 0) &&
    plan.keys.every((k, i) => rolledUp.includes(i) || k.pure === true || k.uniform === true)
  return {
    where:
      tests.length === 0
        ? plan.where
        : plan.where === ''
          ? ` WHERE ${tests.join(' AND ')}`
          : `${plan.where} AND ${tests.join(' AND ')}`,
    plain,
  }
}

/**
 * What a set is made of, for `difference`: subject, how many rows, and for each table that stands in FROM a hash of the
 * subject's rows of it.
 */
export function rewriteSelection(
  plan: Plan,
  set: number,
  keys: readonly Scalar[],
  rolledUp: readonly number[],
  literal: (v: Scalar) => string,
): {
  sql: string
  /** The table behind each `h<i>`; none for rows that an inner query made. */
  tables: (string | undefined)[]
} {
  const { rows, subject, sql } = plan.from
  const { where } = pickedBy(plan, set, keys, rolledUp, literal)
  return {
    sql: `SELECT ${[`${subject} AS s`, 'count(*) AS n', ...rows.map((r, i) => `bit_xor(DISTINCT hash(${subject}, ${r.sql})) AS h${i}`)].join(', ')} FROM ${sql}${where} GROUP BY 1`,
    tables: rows.map((r) => r.table),
  }
}
