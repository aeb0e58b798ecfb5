/** Numbers as SQL computes with them: in double precision, and never so large that an aggregate overflows. */
import type { Expr } from './expr.ts'

/** SQL of a number (or a condition, as 0 and 1) in double precision. */
export const double = (expr: Expr): string => {
  if (expr.type === 'boolean') return `CAST(${expr.sql} AS DOUBLE)`
  if (typeof expr.constant === 'number') return `CAST('${expr.constant}' AS DOUBLE)`
  return expr.integer && expr.constant === undefined ? `CAST(${expr.sql} AS DOUBLE)` : expr.sql
}

/** The square of this is far from the largest double (1.8e308), also summed over all people. */
const safeSize = 1e75

/**
 * SQL of a number that no sum of squares can overflow with: as it is where its bounds say so, otherwise missing from
 * `limit` on.
 */
export const finite = (expr: Expr, limit = '1e75'): string => {
  const number = double(expr)
  const bounded = expr.low !== undefined && expr.high !== undefined
  if (bounded && Math.max(Math.abs(expr.low!), Math.abs(expr.high!)) < safeSize) return number
  return `CASE WHEN abs(${number}) < ${limit} THEN ${number} END`
}
