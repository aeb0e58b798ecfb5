/**
 * A scalar expression once it is understood: SQL written anew by us, and what is known of its values without looking at
 * data.
 */

export type ValueType = 'number' | 'boolean' | 'text' | 'date' | 'datetime' | 'interval' | 'null'
/** A value that a statement can write down, or a schema can declare. */
export type Value = string | number | boolean

export interface Expr {
  sql: string
  type: ValueType
  integer: boolean
  /** Static bounds, both inclusive, from declared bounds and interval arithmetic; milliseconds for dates. */
  low?: number
  high?: number
  /** Every value it can have besides missing, from declared categories, booleans and bins; in their order. */
  values?: Value[]
  /**
   * Arithmetic on declared columns that cannot pick single values: of low degree, with no steps, kinks or poles (CASE,
   * comparisons, floor, abs, a divisor near zero). Whatever is not smooth could weigh one person otherwise than
   * everybody else, and two answers would then differ by that person alone.
   */
  smooth: boolean
  /** Degree of a smooth expression as a polynomial; 1 for a column. */
  degree?: number
  /** A column as it is, so that nothing of it was chosen by whoever asks. */
  pure?: true
  /** Columns that may be missing and make it missing; by default itself. */
  uses?: readonly string[]
  /** The same for all rows of a subject. */
  single: boolean
  /** Made of visit columns and literals alone: it picks the same rows of everybody. */
  uniform?: boolean
  /** Declared never to be missing. */
  known?: boolean
  /** A literal of the query's own text. */
  constant?: Value | null
  /** The subject's number: joins, per-subject grouping and count(distinct) only. */
  subject?: true
  /** The visit's column: joins may use it. */
  visit?: true
  /** When it can have only two values: true where it has the larger one. */
  indicator?: { sql: string; zero: number; one: number }
}

/** Both inclusive; either may be unknown. */
export interface Bounds {
  low?: number
  high?: number
}

/** A value as SQL text. Numbers beyond 2^53 and fractions are written as doubles; what is not finite is NULL. */
export const literal = (value: Value | null): string => {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (!Number.isFinite(value)) return 'NULL'
  if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 53) return `CAST('${value}' AS DOUBLE)`
  return value < 0 ? `(${value})` : String(value)
}
/** A name as SQL writes it between double quotes. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const typeOfValue = (value: Value | null): ValueType => {
  if (value === null) return 'null'
  if (typeof value === 'string') return 'text'
  return typeof value === 'boolean' ? 'boolean' : 'number'
}

/** The expression that is a value of the query's own text. */
export const constant = (value: Value | null): Expr => ({
  sql: literal(value),
  type: typeOfValue(value),
  integer: Number.isInteger(value),
  smooth: true,
  single: true,
  uniform: true,
  known: value !== null,
  constant: value,
  low: typeof value === 'number' ? value : undefined,
  high: typeof value === 'number' ? value : undefined,
})

/** The columns whose missing values make it missing. */
export const usesOf = (expr: Expr): readonly string[] => {
  if (expr.uses) return expr.uses
  return expr.constant !== undefined || expr.known ? [] : [expr.sql]
}

/** Most values that a grouping column may have to be filled in from what was declared. */
const mostValues = 1000

/**
 * Bounds as given, with the integers between them when they are few. Without both bounds, or finite ones: as it was.
 */
export function ranged(
  expr: Omit<Expr, 'low' | 'high' | 'values'>,
  low: number | undefined,
  high: number | undefined,
): Expr {
  if (low === undefined || high === undefined || !Number.isFinite(low) || !Number.isFinite(high)) return expr
  const within: Expr = { ...expr, low, high }
  if (!expr.integer || high - low >= mostValues) return within
  const least = Math.ceil(low)
  const values = Array.from({ length: Math.floor(high) - least + 1 }, (_, i) => least + i)
  return { ...within, values }
}

/** The smallest bounds that hold for each of `parts` (missing values aside), when all have them. */
export function hull(parts: readonly Expr[]): [low: number | undefined, high: number | undefined] {
  const known = parts.filter((part) => part.type !== 'null')
  if (known.length === 0 || known.some((part) => part.low === undefined || part.high === undefined))
    return [undefined, undefined]
  return [Math.min(...known.map((part) => part.low!)), Math.max(...known.map((part) => part.high!))]
}

/** Whether all expressions have a property, e.g. are smooth. True of none. */
export const all = (parts: readonly Expr[], what: 'smooth' | 'single' | 'uniform' | 'known'): boolean =>
  parts.every((part) => part[what] === true)
