/**
 * A scalar expression once it is understood: SQL written anew by us, and what is known of its values without looking at
 * data.
 */

export type ValueType = 'number' | 'boolean' | 'text' | 'date' | 'datetime' | 'interval' | 'null'

export interface Expr {
  sql: string
  type: ValueType
  integer: boolean
  /** Static bounds, both inclusive, from declared bounds and interval arithmetic. */
  low?: number
  high?: number
  /** Every value it can have besides missing, from declared categories, booleans and bins; in their order. */
  values?: (string | number | boolean)[]
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
  constant?: string | number | boolean | null
  /** The subject's number: joins, per-subject grouping and count(distinct) only. */
  subject?: true
  /** The visit's column: joins may use it. */
  visit?: true
  /** When it can have only two values: true where it has the larger one. */
  indicator?: { sql: string; zero: number; one: number }
}

export const literal = (v: string | number | boolean | null): string => {
  if (v === null) return 'NULL'
  if (typeof v === 'boolean') return v ? 'TRUE' : 'FALSE'
  if (typeof v === 'string') return `'${v.replaceAll("'", "''")}'`
  if (!Number.isFinite(v)) return 'NULL'
  return Number.isInteger(v) && Math.abs(v) < 2 ** 53 ? (v < 0 ? `(${v})` : String(v)) : `CAST('${v}' AS DOUBLE)`
}
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const constant = (v: string | number | boolean | null): Expr => ({
  sql: literal(v),
  type: v === null ? 'null' : typeof v === 'string' ? 'text' : typeof v === 'boolean' ? 'boolean' : 'number',
  integer: Number.isInteger(v),
  smooth: true,
  single: true,
  uniform: true,
  known: v !== null,
  constant: v,
  ...(typeof v === 'number' ? { low: v, high: v } : {}),
})

/** The columns whose missing values make it missing. */
export const usesOf = (e: Expr): readonly string[] => e.uses ?? (e.constant !== undefined || e.known ? [] : [e.sql])

/** Most values that a grouping column may have to be filled in from what was declared. */
const mostValues = 1000

/** Bounds as given, with the integers between them when they are few. */
export function ranged(
  e: Omit<Expr, 'low' | 'high' | 'values'>,
  low: number | undefined,
  high: number | undefined,
): Expr {
  if (low === undefined || high === undefined || !Number.isFinite(low) || !Number.isFinite(high)) return e
  const values =
    e.integer && high - low < mostValues
      ? Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i)
      : undefined
  return { ...e, low, high, ...(values ? { values } : {}) }
}

/** The hull of bounds, when all have them. */
export function hull(parts: readonly Expr[]): [number | undefined, number | undefined] {
  const known = parts.filter((p) => p.type !== 'null')
  if (known.length === 0 || known.some((p) => p.low === undefined || p.high === undefined))
    return [undefined, undefined]
  return [Math.min(...known.map((p) => p.low!)), Math.max(...known.map((p) => p.high!))]
}
