/** Aggregates per subject, in an inner query: each is a value of one person, and stays inside. */
import { filterOf, functionName, orderWithin } from './aggregates.ts'
import { type Ast, list } from './ast.ts'
import { numeric } from './conditions.ts'
import { finite } from './doubles.ts'
import type { Expr } from './expr.ts'
import { notAllowed } from './refused.ts'
import { type Names, scalar } from './scalar.ts'

interface PerSubject {
  sql: string
  /** Within the bounds of what is aggregated. */
  same: boolean
  /** No more than a sum; the others bend where one of a subject's rows overtakes another. */
  linear: boolean
}
const perSubject: Record<string, PerSubject> = {
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
/** Aggregates that keep whole numbers whole. */
const wholeOfWhole = new Set(['min', 'max', 'sum'])

/** The value of the row where another value is smallest or largest, by DuckDB's name of it. */
const valueAtExtreme: Record<string, string> = {
  arg_min: 'arg_min',
  arg_max: 'arg_max',
  argmin: 'arg_min',
  argmax: 'arg_max',
  min_by: 'arg_min',
  max_by: 'arg_max',
}

/** One aggregate as it is being read. */
interface Call {
  name: string
  children: Ast[]
  names: Names
  /** FILTER (WHERE ...) as SQL after the aggregate, or nothing. */
  suffix: string
  /** The filter picks the same rows of everybody, or there is none. */
  sameRows: boolean
}

/** Reads an aggregate per subject in an inner query; throws `Refused` for what it may not be, or not be of. */
export function perSubjectOf(node: Ast, names: Names): Expr {
  const name = functionName(node)
  const filter = filterOf(node, names)
  if (orderWithin(node).length > 0 || node['distinct'] === true)
    throw notAllowed('An aggregate per subject has no order and no DISTINCT here.', name)
  const call: Call = {
    name,
    children: list(node['children']),
    names,
    suffix: filter === undefined ? '' : ` FILTER (WHERE ${filter.sql})`,
    sameRows: filter === undefined || filter.uniform === true,
  }
  if (Object.hasOwn(valueAtExtreme, name) && call.children.length === 2) return atExtreme(call)
  const how = Object.hasOwn(perSubject, name) ? perSubject[name] : undefined
  if (!how)
    throw notAllowed(
      `${name.slice(0, 60)} is not possible per subject. Use count, sum, avg, min, max, median, stddev or arg_max.`,
      name,
    )
  if (name === 'count_star' || call.children.length === 0) return counted(call)
  if (call.children.length !== 1) throw notAllowed(`${name} takes one argument.`, name)
  return ofArgument(call, how, scalar(call.children[0]!, names))
}

function ofArgument(call: Call, how: PerSubject, argument: Expr): Expr {
  const { name, suffix, sameRows } = call
  if (name === 'count') return counted(call, argument)
  if ((name === 'min' || name === 'max') && argument.type !== 'number') return extremeOfOther(call, argument)
  numeric(argument, name)
  const bounds = how.same ? boundsOf(argument) : {}
  return {
    type: 'number',
    single: false,
    sql: `${how.sql}(${finite(argument)})${suffix}`,
    integer: argument.integer && wholeOfWhole.has(name),
    smooth: sameRows && argument.smooth && (argument.pure === true || how.linear),
    ...bounds,
  }
}

/** Both bounds, or neither. */
const boundsOf = ({ low, high }: Expr): Pick<Expr, 'low' | 'high'> =>
  low === undefined || high === undefined ? {} : { low, high }

/** `arg_max(x, by)`. */
function atExtreme({ name, children, names, suffix, sameRows }: Call): Expr {
  const [value, by] = children.map((child) => scalar(child, names)) as [Expr, Expr]
  return {
    ...value,
    pure: undefined,
    constant: undefined,
    uses: undefined,
    indicator: undefined,
    known: undefined,
    sql: `${valueAtExtreme[name]}(${value.sql}, ${by.sql})${suffix}`,
    smooth: value.smooth && (by.pure === true || by.uniform === true) && sameRows,
    single: false,
  }
}

/** How many rows of the subject, or how many with a value. */
function counted({ suffix, sameRows }: Call, argument?: Expr): Expr {
  return {
    sql: `CAST(count(${argument?.sql ?? '*'})${suffix} AS DOUBLE)`,
    type: 'number',
    integer: true,
    smooth: sameRows && (argument === undefined || (argument.smooth && argument.pure === true)),
    single: false,
  }
}

/** The smallest or largest of texts, dates or conditions. */
function extremeOfOther({ name, suffix }: Call, argument: Expr): Expr {
  return {
    sql: `${name}(${argument.sql})${suffix}`,
    type: argument.type,
    integer: false,
    smooth: false,
    single: false,
    values: argument.values,
    low: argument.low,
    high: argument.high,
  }
}
