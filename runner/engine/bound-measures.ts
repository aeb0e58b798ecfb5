/** A plan's measures, tied to the columns and conditions of the inner projection that they are computed over. */
import type { Measure } from '../../domain/sql/aggregates.ts'
import { type Expr, usesOf } from '../../domain/sql/expr.ts'
import { double, finite } from '../../domain/sql/doubles.ts'
import type { Plan } from '../../domain/sql/plan.ts'
import { notAllowed } from '../../domain/sql/refused.ts'

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

const maxSets = 12

/** SQL of a grouping column as it is shown. */
export function shownKey(key: Expr): string {
  if (key.type === 'date' || key.type === 'datetime') return `CAST(${key.sql} AS VARCHAR)`
  return key.type === 'number' ? double(key) : key.sql
}

/** The aggregate of a measure; quantiles of the same numbers are one, so that they are sorted once. */
export const aggregateSql = (measured: Bound, bound: readonly Bound[]): string => {
  const filter = (p: number | undefined): string => (p === undefined ? '' : ` FILTER (WHERE p${p})`)
  const { measure } = measured
  switch (measure.aggregate) {
    case 'count':
    case 'count-subjects':
      return `count(*)${filter(measured.set)}`
    case 'sum':
      return `sum(${measured.x})${filter(measured.filter)}`
    case 'mean':
      return `avg(${measured.x})${filter(measured.filter)}`
    case 'variance':
      return `var_samp(${measured.x})${filter(measured.filter)}`
    case 'deviation':
      return `stddev_samp(${measured.x})${filter(measured.filter)}`
    case 'median':
    case 'quantile': {
      const alike = bound.filter((o) => isQuantile(o.measure) && o.x === measured.x && o.filter === measured.filter)
      const asked = [...new Set(alike.map((o) => o.measure.quantile ?? 0.5))]
      // DuckDB counts places of a list from 1.
      const place = asked.indexOf(measure.quantile ?? 0.5) + 1
      return `quantile_cont(${measured.x}, [${asked.join(', ')}])${filter(measured.filter)}[${place}]`
    }
    case 'correlation':
      return `corr(${measured.x}, ${measured.y})${filter(measured.filter)}`
    case 'covariance':
      return `covar_samp(${measured.x}, ${measured.y})${filter(measured.filter)}`
    case 'slope':
      return `regr_slope(${measured.x}, ${measured.y})${filter(measured.filter)}`
    case 'intercept':
      return `regr_intercept(${measured.x}, ${measured.y})${filter(measured.filter)}`
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
    const index = all.indexOf(sql)
    return index >= 0 ? index : all.push(sql) - 1
  }
  const both = (a: string | undefined, b: string): string => (a === undefined ? b : `(${a} AND ${b})`)
  const bound = plan.measures.map((measure): Bound => {
    const filter = measure.filter === undefined ? undefined : at(sets, measure.filter)
    const argument = measure.argument
    if (!argument) return { measure, ...(filter === undefined ? {} : { set: filter, filter }), indicator: false }
    if (isCount(measure)) {
      const set = at(sets, both(measure.filter, `(${argument.sql} IS NOT NULL)`))
      if (argument.pure && argument.smooth && !measure.filter) natural.add(set)
      return { measure, set, ...(filter === undefined ? {} : { filter }), indicator: false }
    }
    const indicator = argument.indicator !== undefined
    const set = indicator ? at(sets, both(measure.filter, argument.indicator!.sql)) : filter
    const uses = [...new Set([...usesOf(argument), ...(measure.second ? usesOf(measure.second) : [])])]
    // A value that is missing where another column is picks people by that column; alone, a column has everybody who
    // has it.
    const picks =
      !indicator && uses.length > 1
        ? at(mixed, both(measure.filter, `(${uses.map((u) => `${u} IS NOT NULL`).join(' AND ')})`))
        : undefined
    return {
      measure,
      x: `a${at(columns, finite(argument))}`,
      ...(measure.second ? { y: `a${at(columns, finite(measure.second))}` } : {}),
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
