/**
 * The aggregates a query may use over its final groups. Those that hand out one person's value are refused. How
 * aggregates are read per subject in an inner query: per-subject.ts.
 */
import { own } from '../own.ts'
import { type Ast, isAbsent, list, object, text } from './ast.ts'
import { numeric } from './conditions.ts'
import type { Expr } from './expr.ts'
import { notAllowed } from './refused.ts'
import type { Aggregate } from './result.ts'
import { type Names, raw, scalar } from './scalar.ts'

/** One aggregate over a final group, of an expression or, for a correlation and its kin, of two. */
export interface Measure {
  aggregate: Exclude<Aggregate, 'expression'>
  argument?: Expr
  second?: Expr
  /** FILTER (WHERE ...), as a condition over the rows. */
  filter?: string
  /** For a quantile: which one, from 0.05 to 0.95. */
  quantile?: number
}

/** DuckDB's names of the aggregates that are allowed. */
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
/** Those that are refused, with what to ask for instead. */
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
/** Those that hand out or list values, which are never possible over a final group. */
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
export const hasAggregate = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(hasAggregate)
  if (typeof value !== 'object' || value === null) return false
  return isAggregate(value as Ast) || Object.values(value).some(hasAggregate)
}

/** ORDER BY within the brackets of an aggregate; throws `Refused` when it is no list of expressions. */
export const orderWithin = (node: Ast): Ast[] => list(object(node['order_bys'] ?? {})['orders'])
/** FILTER (WHERE ...) of an aggregate, when it has one; throws `Refused` when it is no condition. */
export const filterOf = (node: Ast, names: Names): Expr | undefined => {
  if (isAbsent(node['filter'])) return undefined
  const filter = scalar(object(node['filter']), names)
  if (filter.type !== 'boolean') throw notAllowed('FILTER takes a condition.')
  return filter
}
/** The name of a function, in lower case; throws `Refused` when it has a schema before it. */
export const functionName = (node: Ast): string => {
  if ((text(node['schema']) !== '' && text(node['schema']) !== 'main') || text(node['catalog']) !== '')
    throw notAllowed('Functions have no schema here.')
  return text(node['function_name']).toLowerCase()
}

/**
 * A plain number of the data: anything else could weigh one person alone, and no rounding hides that from somebody who
 * asks often enough.
 */
const plain = (expr: Expr, name: string): Expr => {
  if (!numeric(expr, name).smooth)
    throw notAllowed(
      `${name} takes columns and plain arithmetic (+, -, *, division by what stays away from zero): no CASE, abs, rounding or casts of texts. Use ${name}(...) FILTER (WHERE ...) or GROUP BY.`,
      name,
    )
  return expr
}

/** One aggregate as it is being read. */
interface Call {
  name: string
  aggregate: Measure['aggregate']
  children: Ast[]
  /** ORDER BY within the brackets. */
  order: Ast[]
  names: Names
}

/** Reads an aggregate of the final groups; throws `Refused` for what it may not be, or not be of. */
export function measureOf(node: Ast, names: Names): Measure {
  const name = functionName(node)
  const why = own(refusedAggregates, name)
  if (why !== undefined) throw notAllowed(`${name} is not allowed. ${why}`, name)
  const aggregate = own(aliases, name)
  if (!aggregate)
    throw notAllowed(
      `${name.slice(0, 60)} would return values of people. Ask for counts, sums, means, deviations, medians or quantiles.`,
      name,
    )
  const children = list(node['children'])
  const filter = filterOf(node, names)?.sql
  const call: Call = { name, aggregate, children, order: orderWithin(node), names }
  const measure = node['distinct'] === true ? distinctSubjects(call) : measured(call)
  return { ...measure, filter }
}

function measured(call: Call): Measure {
  const { name, aggregate, children, names } = call
  if (aggregate === 'quantile') return quantile(call)
  if (call.order.length > 0) throw notAllowed('An aggregate has no order here.', name)
  if (name === 'count_star' || (name === 'count' && children.length === 0)) return { aggregate: 'count' }
  if (ofTwo.has(aggregate)) return pair(call)
  if (children.length !== 1) throw notAllowed(`${name} takes one argument.`, name)
  const argument = scalar(children[0]!, names)
  if (aggregate === 'count') return isWritten(argument) ? { aggregate } : { aggregate, argument }
  const isShare = (aggregate === 'sum' || aggregate === 'mean') && argument.indicator !== undefined
  return { aggregate, argument: isShare ? argument : plain(argument, name) }
}
/** count(1) counts rows. */
const isWritten = ({ constant }: Expr): boolean => constant !== undefined && constant !== null

/** `count(DISTINCT subject)`. */
function distinctSubjects({ name, children, names }: Call): Measure {
  const only = children.length === 1 ? raw(children[0]!, names) : undefined
  if (name !== 'count' || !only?.subject)
    throw notAllowed(
      'DISTINCT is only possible as count(DISTINCT subject): other distinct values are values of people.',
      name,
    )
  return { aggregate: 'count-subjects', argument: only }
}

/** `quantile_cont(x, 0.5)`, or `quantile_cont(0.5) WITHIN GROUP (ORDER BY x)`. */
function quantile(call: Call): Measure {
  const { name, aggregate, children, order, names } = call
  const within = order.length === 1 && children.length === 1
  const of = within ? object(order[0]!['expression']) : children[0]
  const which = within ? children[0] : children[1]
  const isDescending = order.length > 0 && text(order[0]!['type']) === 'DESCENDING'
  if (!of || !which || children.length > 2 || isDescending) throw notAllowed('Write quantile_cont(x, 0.5).', name)
  const at = scalar(which, names).constant
  if (typeof at !== 'number' || at < 0.05 || at > 0.95)
    throw notAllowed('Quantiles from 0.05 to 0.95 are possible: those further out show single people.', name)
  return { aggregate, argument: plain(scalar(of, names), name), quantile: at }
}

const ofTwo: ReadonlySet<Measure['aggregate']> = new Set(['correlation', 'slope', 'intercept', 'covariance'])
function pair({ name, aggregate, children, names }: Call): Measure {
  if (children.length !== 2) throw notAllowed(`${name} takes two numbers.`, name)
  const [argument, second] = children.map((child) => plain(scalar(child, names), name))
  return { aggregate, argument, second }
}
