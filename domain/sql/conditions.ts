/** Conditions, and values that are compared: brought to one type, with nothing cast in silence. */
import { double } from './doubles.ts'
import { all, type Expr, literal, type ValueType } from './expr.ts'
import { notAllowed } from './refused.ts'

/** A condition made of `parts`. */
export const condition = (sql: string, parts: readonly Expr[]): Expr => ({
  sql,
  type: 'boolean',
  integer: false,
  smooth: false,
  single: all(parts, 'single'),
  uniform: all(parts, 'uniform'),
  known: all(parts, 'known'),
  values: [false, true],
})

/** The expression, if it is a condition or missing; throws `Refused` otherwise. */
export const truth = (expr: Expr): Expr => {
  if (expr.type !== 'boolean' && expr.type !== 'null')
    throw notAllowed('A condition must be true or false: compare the column with something.')
  return expr
}

/** A text of the query as the moment that it names, in UTC; throws `Refused` when it names none. */
export const moment = (text: string, type: 'date' | 'datetime'): Expr => {
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at)) throw notAllowed('Write dates as YYYY-MM-DD.')
  return {
    sql: `TRY_CAST(${literal(text)} AS ${type === 'date' ? 'DATE' : 'TIMESTAMP'})`,
    type,
    integer: false,
    smooth: true,
    single: true,
    uniform: true,
    low: at,
    high: at,
  }
}

/** Brings a text literal to the type of what it is compared with: dates are written as texts. */
function fit(expr: Expr, type: ValueType): Expr {
  if (expr.type === type || expr.type === 'null') return expr
  if (typeof expr.constant === 'string' && (type === 'date' || type === 'datetime')) return moment(expr.constant, type)
  if (expr.type === 'date' && type === 'datetime') return { ...expr, sql: `CAST(${expr.sql} AS TIMESTAMP)`, type }
  throw notAllowed(`A ${expr.type} is compared or combined with a ${type}. Use values of one type.`)
}

function commonType(parts: readonly Expr[]): ValueType {
  const types = new Set(parts.map((part) => part.type).filter((type) => type !== 'null'))
  if (types.has('datetime')) return 'datetime'
  return types.has('date') ? 'date' : ([...types][0] ?? 'null')
}

/** Several values brought to one type; throws `Refused` when they have none in common. */
export function alike(parts: readonly Expr[]): { parts: Expr[]; type: ValueType } {
  const type = commonType(parts)
  return { parts: type === 'null' ? [...parts] : parts.map((part) => fit(part, type)), type }
}

/** SQL of a value beside others: numbers in double precision. */
export const operand = (expr: Expr): string => (expr.type === 'number' ? double(expr) : expr.sql)

/** The expression, if it is a number; throws `Refused` otherwise. `name` is of the function that takes it. */
export const numeric = (expr: Expr, name: string): Expr => {
  if (expr.type === 'number') return expr
  const hint = expr.type === 'boolean' ? ': write CAST(x AS INTEGER), or count(*) FILTER (WHERE x)' : ''
  throw notAllowed(`${name} takes a number${hint}.`, name)
}
