/**
 * The aggregates a query may use: over the final groups, and per subject in an inner query. Those that hand out one
 * person's value are refused.
 */
import { type Ast, list, object, text } from './ast.ts'
import type { Expr } from './expr.ts'
import { double } from './functions.ts'
import { notAllowed } from './refused.ts'
import type { Formula } from './formula.ts'
import type { Aggregate } from './result.ts'
import { type Names, raw, scalar } from './scalar.ts'

/** One aggregate over a final group. `sql` aggregates over `a` (and `b`), the columns of its arguments. */
export interface Measure {
  aggregate: Exclude<Aggregate, 'expression'>
  argument?: Expr
  second?: Expr
  /** FILTER (WHERE ...), as a condition over the rows. */
  filter?: string
  quantile?: number
}

const aliases: Record<string, Measure['aggregate']> = {
  count: 'count',
  count_star: 'count',
  sum: 'sum',
  avg: 'mean',
  mean: 'mean',
  median: 'median',
  quantile_cont: 'quantile',
  percentile_cont: 'quantile',
  stddev: 'deviation',
  stddev_samp: 'deviation',
  variance: 'variance',
  var_samp: 'variance',
  corr: 'correlation',
  regr_slope: 'slope',
  regr_intercept: 'intercept',
  covar_samp: 'covariance',
}
const refusedAggregates: Record<string, string> = {
  min: 'One person’s value would be shown. Ask for quantile_cont(x, 0.05) instead.',
  max: 'One person’s value would be shown. Ask for quantile_cont(x, 0.95) instead.',
  quantile_disc: 'It shows one person’s value. Use quantile_cont.',
  mode: 'It shows values of few people. Use GROUP BY and count(*).',
  approx_count_distinct: 'Use count(DISTINCT subject).',
  approx_quantile: 'Use quantile_cont.',
  stddev_pop: 'Use stddev_samp.',
  var_pop: 'Use var_samp.',
  covar_pop: 'Use covar_samp.',
  count_if: 'Use count(*) FILTER (WHERE ...).',
  countif: 'Use count(*) FILTER (WHERE ...).',
  bool_or: 'Use count(*) FILTER (WHERE ...).',
  bool_and: 'Use count(*) FILTER (WHERE ...).',
  histogram: 'Use GROUP BY floor(x / width).',
}
const listing = new Set([
  'list',
  'array_agg',
  'string_agg',
  'group_concat',
  'listagg',
  'first',
  'last',
  'any_value',
  'arbitrary',
  'arg_max',
  'arg_min',
  'max_by',
  'min_by',
  'argmax',
  'argmin',
  'approx_top_k',
  'bit_and',
  'bit_or',
  'bit_xor',
  'bitstring_agg',
  'product',
  'fsum',
  'kahan_sum',
  'sumkahan',
  'favg',
  'map',
  'json_group_array',
  'json_group_object',
  'entropy',
  'kurtosis',
  'skewness',
  'mad',
  'reservoir_quantile',
])

/** Whether a node is an aggregate, allowed or not. */
export const isAggregate = (node: Ast): boolean => {
  const name = text(node['function_name']).toLowerCase()
  return node['class'] === 'FUNCTION' && (name in aliases || name in refusedAggregates || listing.has(name))
}
/** Whether an expression has an aggregate in it. */
export const hasAggregate = (v: unknown): boolean => {
  if (Array.isArray(v)) return v.some(hasAggregate)
  if (typeof v !== 'object' || v === null) return false
  return isAggregate(v as Ast) || Object.values(v).some(hasAggregate)
}

const ordered = (node: Ast): Ast[] => list(object(node['order_bys'] ?? {})['orders'])
const filterOf = (node: Ast, names: Names): Expr | undefined => {
  if (node['filter'] === undefined || node['filter'] === null) return undefined
  const e = scalar(object(node['filter']), names)
  if (e.type !== 'boolean') throw notAllowed('FILTER takes a condition.')
  return e
}
const plainName = (node: Ast): string => {
  if ((text(node['schema']) !== '' && text(node['schema']) !== 'main') || text(node['catalog']) !== '')
    throw notAllowed('Functions have no schema here.')
  return text(node['function_name']).toLowerCase()
}

const numeric = (e: Expr, name: string): Expr => {
  if (e.type !== 'number')
    throw notAllowed(
      `${name} takes a number${e.type === 'boolean' ? ': write CAST(x AS INTEGER), or count(*) FILTER (WHERE x)' : ''}.`,
      name,
    )
  return e
}
/**
 * A plain number of the data: anything else could weigh one person alone, and no rounding hides that from somebody who
 * asks often enough.
 */
const plain = (e: Expr, name: string): Expr => {
  if (!numeric(e, name).smooth)
    throw notAllowed(
      `${name} takes columns and plain arithmetic (+, -, *, division by what stays away from zero): no CASE, abs, rounding or casts of texts. Use ${name}(...) FILTER (WHERE ...) or GROUP BY.`,
      name,
    )
  return e
}

/** Reads an aggregate of the final groups. */
export function measureOf(node: Ast, names: Names): Measure {
  const name = plainName(node)
  if (name in refusedAggregates) throw notAllowed(`${name} is not allowed. ${refusedAggregates[name]}`, name)
  const aggregate = aliases[name]
  if (!aggregate)
    throw notAllowed(
      `${name.slice(0, 60)} would return values of people. Ask for counts, sums, means, deviations, medians or quantiles.`,
      name,
    )
  const children = list(node['children'])
  const filter = filterOf(node, names)?.sql
  const more = filter === undefined ? {} : { filter }
  if (node['distinct'] === true) {
    const only = children.length === 1 ? raw(children[0]!, names) : undefined
    if (name !== 'count' || !only?.subject)
      throw notAllowed(
        'DISTINCT is only possible as count(DISTINCT subject): other distinct values are values of people.',
        name,
      )
    return { aggregate: 'count-subjects', argument: only, ...more }
  }
  const within = ordered(node)
  if (aggregate === 'quantile') {
    const [x, q] =
      within.length === 1 && children.length === 1
        ? [object(within[0]!['expression']), children[0]!]
        : [children[0], children[1]]
    if (!x || !q || children.length > 2) throw notAllowed('Write quantile_cont(x, 0.5).', name)
    if (within.length > 0 && text(within[0]!['type']) === 'DESCENDING')
      throw notAllowed('Write quantile_cont(x, 0.5).', name)
    const at = scalar(q, names).constant
    if (typeof at !== 'number' || at < 0.05 || at > 0.95)
      throw notAllowed('Quantiles from 0.05 to 0.95 are possible: those further out show single people.', name)
    return { aggregate, argument: plain(scalar(x, names), name), quantile: at, ...more }
  }
  if (within.length > 0) throw notAllowed('An aggregate has no order here.', name)
  if (name === 'count_star' || (name === 'count' && children.length === 0)) return { aggregate: 'count', ...more }
  if (aggregate === 'correlation' || aggregate === 'slope' || aggregate === 'intercept' || aggregate === 'covariance') {
    if (children.length !== 2) throw notAllowed(`${name} takes two numbers.`, name)
    return {
      aggregate,
      argument: plain(scalar(children[0]!, names), name),
      second: plain(scalar(children[1]!, names), name),
      ...more,
    }
  }
  if (children.length !== 1) throw notAllowed(`${name} takes one argument.`, name)
  const e = scalar(children[0]!, names)
  if (aggregate === 'count')
    return e.constant !== undefined && e.constant !== null
      ? { aggregate, ...more }
      : { aggregate, argument: e, ...more }
  return {
    aggregate,
    argument: (aggregate === 'sum' || aggregate === 'mean') && e.indicator ? e : plain(e, name),
    ...more,
  }
}

/**
 * `same`: within the bounds of what is aggregated. `linear`: no more than a sum; the others bend where one of a
 * subject's rows overtakes another.
 */
const perSubject: Record<string, { sql: string; same: boolean; linear: boolean }> = {
  min: { sql: 'min', same: true, linear: false },
  max: { sql: 'max', same: true, linear: false },
  avg: { sql: 'avg', same: true, linear: true },
  mean: { sql: 'avg', same: true, linear: true },
  median: { sql: 'median', same: true, linear: false },
  sum: { sql: 'sum', same: false, linear: true },
  stddev: { sql: 'stddev_samp', same: false, linear: false },
  stddev_samp: { sql: 'stddev_samp', same: false, linear: false },
  variance: { sql: 'var_samp', same: false, linear: false },
  var_samp: { sql: 'var_samp', same: false, linear: false },
  count: { sql: 'count', same: false, linear: true },
  count_star: { sql: 'count_star', same: false, linear: true },
}

/** Guards an argument so that no sum of squares can overflow into an error. */
export const finite = (e: Expr, limit = '1e75'): string => {
  const x = double(e)
  return e.low !== undefined && e.high !== undefined && Math.max(Math.abs(e.low), Math.abs(e.high)) < 1e75
    ? x
    : `CASE WHEN abs(${x}) < ${limit} THEN ${x} END`
}

/** Reads an aggregate per subject in an inner query: it is a value of one person, and stays inside. */
export function perSubjectOf(node: Ast, names: Names): Expr {
  const name = plainName(node)
  const children = list(node['children'])
  const filter = filterOf(node, names)
  const suffix = filter === undefined ? '' : ` FILTER (WHERE ${filter.sql})`
  if (ordered(node).length > 0 || node['distinct'] === true)
    throw notAllowed('An aggregate per subject has no order and no DISTINCT here.', name)
  const smooth = filter === undefined || filter.uniform === true
  if (['arg_min', 'arg_max', 'min_by', 'max_by', 'argmin', 'argmax'].includes(name) && children.length === 2) {
    const [x, by] = children.map((c) => scalar(c, names)) as [Expr, Expr]
    const { pure: _pure, constant: _constant, uses: _uses, indicator: _indicator, known: _known, ...of } = x
    return {
      ...of,
      sql: `${name.startsWith('arg') ? name.replace('arg', 'arg_').replace('__', '_') : `arg_${name.slice(0, 3)}`}(${x.sql}, ${by.sql})${suffix}`,
      smooth: x.smooth && (by.pure === true || by.uniform === true) && smooth,
      single: false,
    }
  }
  const how = perSubject[name]
  if (!how)
    throw notAllowed(
      `${name.slice(0, 60)} is not possible per subject. Use count, sum, avg, min, max, median, stddev or arg_max.`,
      name,
    )
  const number = { type: 'number' as const, smooth, single: false }
  if (name === 'count_star' || children.length === 0)
    return { ...number, sql: `CAST(count(*)${suffix} AS DOUBLE)`, integer: true }
  if (children.length !== 1) throw notAllowed(`${name} takes one argument.`, name)
  const e = scalar(children[0]!, names)
  if (name === 'count')
    return {
      ...number,
      smooth: smooth && e.smooth && e.pure === true,
      sql: `CAST(count(${e.sql})${suffix} AS DOUBLE)`,
      integer: true,
    }
  if ((name === 'min' || name === 'max') && e.type !== 'number')
    return {
      sql: `${name}(${e.sql})${suffix}`,
      type: e.type,
      integer: false,
      smooth: false,
      single: false,
      ...(e.values ? { values: e.values } : {}),
      ...(e.low !== undefined ? { low: e.low, high: e.high! } : {}),
    }
  numeric(e, name)
  const bounds = how.same && e.low !== undefined && e.high !== undefined ? { low: e.low, high: e.high } : {}
  return {
    ...number,
    sql: `${how.sql}(${finite(e)})${suffix}`,
    integer: e.integer && ['min', 'max', 'sum'].includes(name),
    smooth: smooth && e.smooth && (e.pure === true || how.linear),
    ...bounds,
  }
}

/** Reads an expression over aggregates; `add` keeps each measure once and answers its index. */
export function formulaOf(node: Ast, names: Names, add: (m: Measure) => number): Formula {
  if (isAggregate(node)) return { measure: add(measureOf(node, names)) }
  if (node['class'] === 'CAST') {
    if (!['DOUBLE', 'FLOAT', 'DECIMAL'].includes(text(object(node['cast_type'])['id'])))
      throw notAllowed('Cast aggregates to DOUBLE only; round(x, 2) rounds.')
    return formulaOf(object(node['child']), names, add)
  }
  if (node['class'] === 'CONSTANT') {
    const v = scalar(node, names).constant
    if (typeof v === 'number') return { number: v }
  }
  if (node['class'] === 'OPERATOR' && node['type'] === 'OPERATOR_TRY')
    return formulaOf(list(node['children'])[0]!, names, add)
  if (node['class'] === 'FUNCTION') {
    const op = plainName(node)
    const of = list(node['children'])
    if ((op === '+' || op === '-' || op === '*' || op === '/') && of.length === 2)
      return { op, of: of.map((c) => formulaOf(c, names, add)) }
    if (op === '-' && of.length === 1) return { op, of: [{ number: 0 }, formulaOf(of[0]!, names, add)] }
    if (op === 'round' && of.length >= 1 && of.length <= 2) return { op, of: of.map((c) => formulaOf(c, names, add)) }
    if ((op === 'sqrt' || op === 'abs') && of.length === 1) return { op, of: [formulaOf(of[0]!, names, add)] }
    if (op === 'nullif' && of.length === 2) return formulaOf(of[0]!, names, add)
  }
  throw notAllowed(
    'Aggregates may be combined by +, -, *, / and round(...) with numbers. Columns outside an aggregate belong into GROUP BY.',
  )
}
