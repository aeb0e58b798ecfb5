/** CAST, by the type that it is to: what cannot be read as one is missing, never an error. */
import { condition, moment, operand } from './conditions.ts'
import { double } from './doubles.ts'
import { constant, type Expr, ranged, usesOf, type ValueType } from './expr.ts'
import { notAllowed } from './refused.ts'

/** A cast of values that nothing is known of afterwards. */
const opaque = (sql: string, type: ValueType, { single }: Expr, integer = false): Expr => ({
  sql,
  type,
  integer,
  smooth: false,
  single,
})

/** A condition as 0 and 1. */
const indicatorOf = (expr: Expr): Expr => ({
  ...opaque(`CAST(${expr.sql} AS DOUBLE)`, 'number', expr, true),
  low: 0,
  high: 1,
  values: [0, 1],
  indicator: { sql: expr.sql, zero: 0, one: 1 },
})

/** The expression cast, or undefined when a value of its type cannot be. */
type Cast = (expr: Expr) => Expr | undefined

const toDouble: Cast = (expr) => {
  switch (expr.type) {
    case 'number':
      return typeof expr.constant === 'number' ? expr : { ...expr, sql: double(expr), uses: usesOf(expr) }
    case 'boolean':
      return indicatorOf(expr)
    case 'text':
      return opaque(`TRY_CAST(${expr.sql} AS DOUBLE)`, 'number', expr)
    default:
      return undefined
  }
}

/** Halves to the even neighbour, as DuckDB casts. */
function roundedToEven(expr: Expr): Expr {
  const { low, high } = expr
  return ranged(
    opaque(`round_even(${double(expr)}, 0)`, 'number', expr, true),
    low === undefined ? undefined : Math.floor(low),
    high === undefined ? undefined : Math.ceil(high),
  )
}

const toInteger: Cast = (expr) => {
  switch (expr.type) {
    case 'number':
      if (typeof expr.constant === 'number') return constant(Math.round(expr.constant))
      return expr.integer ? expr : roundedToEven(expr)
    case 'boolean':
      return indicatorOf(expr)
    case 'text':
      return opaque(`CAST(TRY_CAST(${expr.sql} AS BIGINT) AS DOUBLE)`, 'number', expr, true)
    default:
      return undefined
  }
}

const toText: Cast = (expr) => {
  if (expr.type === 'text') return expr
  if (typeof expr.constant === 'number') return constant(String(expr.constant))
  if (expr.type === 'interval' || expr.type === 'null') return undefined
  const isWhole = expr.type === 'number' && expr.integer
  return opaque(`CAST(${isWhole ? `TRY_CAST(${expr.sql} AS BIGINT)` : expr.sql} AS VARCHAR)`, 'text', expr)
}

const toMoment =
  (type: 'date' | 'datetime', sql: 'DATE' | 'TIMESTAMP'): Cast =>
  (expr) => {
    if (typeof expr.constant === 'string') return moment(expr.constant, type)
    const cast = opaque(`TRY_CAST(${expr.sql} AS ${sql})`, type, expr)
    if (expr.type === 'text') return cast
    if (expr.type !== 'date' && expr.type !== 'datetime') return undefined
    return { ...cast, low: expr.low, high: expr.high }
  }

const toBoolean: Cast = (expr) => {
  if (expr.constant === 't' || expr.constant === 'true') return constant(true)
  if (expr.constant === 'f' || expr.constant === 'false') return constant(false)
  if (expr.type === 'boolean') return expr
  return expr.type === 'number' ? condition(`(${operand(expr)} <> 0)`, [expr]) : undefined
}

const casts: ReadonlyMap<string, Cast> = new Map<string, Cast>([
  ['DOUBLE', toDouble],
  ['FLOAT', toDouble],
  ['DECIMAL', toDouble],
  ['TINYINT', toInteger],
  ['SMALLINT', toInteger],
  ['INTEGER', toInteger],
  ['BIGINT', toInteger],
  ['HUGEINT', toInteger],
  ['UTINYINT', toInteger],
  ['USMALLINT', toInteger],
  ['UINTEGER', toInteger],
  ['UBIGINT', toInteger],
  ['VARCHAR', toText],
  ['DATE', toMoment('date', 'DATE')],
  ['TIMESTAMP', toMoment('datetime', 'TIMESTAMP')],
  ['BOOLEAN', toBoolean],
])

/** `expr` cast to a type by DuckDB's name; throws `Refused` for types and casts that are not in the list. */
export function cast(expr: Expr, to: string): Expr {
  const result = casts.get(to)?.(expr)
  if (!result)
    throw notAllowed('This cast is not allowed. Cast to BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP or BOOLEAN.', to)
  return result
}
