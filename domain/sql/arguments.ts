/** What the functions of the allow-list ask of their arguments, and the expressions that they make of them. */
import { all, type Bounds, type Expr, ranged, usesOf, type ValueType } from './expr.ts'
import { notAllowed } from './refused.ts'

/**
 * Builds a function's expression of its arguments; throws `Refused` where they do not fit. `name` is as it was written.
 */
export type Build = (args: readonly Expr[], name: string) => Expr

const countOf = (least: number, most: number): string => (least === most ? String(least) : `${least} to ${most}`)

/** Throws `Refused` unless there are `least` to `most` arguments, all of them numbers. */
export const numbers = (args: readonly Expr[], name: string, least: number, most = least): void => {
  if (args.length < least || args.length > most)
    throw notAllowed(`${name} takes ${countOf(least, most)} argument${most === 1 ? '' : 's'}.`, name)
  if (args.some((arg) => arg.type !== 'number' && arg.type !== 'null')) throw notAllowed(`${name} takes numbers.`, name)
}
/** Throws `Refused` unless there are `least` to `most` arguments, of whatever type. */
export const exactly = (args: readonly Expr[], name: string, least: number, most = least): void => {
  if (args.length < least || args.length > most)
    throw notAllowed(`${name} takes ${countOf(least, most)} arguments.`, name)
}
/** The whole number that the query writes there; throws `Refused` for anything else. Both bounds are inclusive. */
export const whole = (expr: Expr, name: string, from: number, to: number): number => {
  const value = expr.constant
  if (typeof value !== 'number' || !Number.isInteger(value) || value < from || value > to)
    throw notAllowed(`${name} takes a whole number from ${from} to ${to}, written into the query.`, name)
  return value
}
/** The text that the query writes there; throws `Refused` for anything else. */
export const textOf = (expr: Expr, name: string): string => {
  if (typeof expr.constant !== 'string') throw notAllowed(`${name} takes a text written into the query here.`, name)
  return expr.constant
}

/** Whether it is a moment. */
export const isTime = (expr: Expr): boolean => expr.type === 'date' || expr.type === 'datetime'

/** Degrees above which a polynomial could be a bump over one value. */
const mostDegree = 3
/** Degree as a polynomial: 0 for a literal, 1 for a column. */
export const degreeOf = (expr: Expr): number => (expr.constant === undefined ? (expr.degree ?? 1) : 0)

const commonOf = (args: readonly Expr[]): Pick<Expr, 'uses' | 'single' | 'uniform' | 'known'> => ({
  uses: [...new Set(args.flatMap(usesOf))],
  single: all(args, 'single'),
  uniform: all(args, 'uniform'),
  known: all(args, 'known'),
})

/** A number made of `args`; smooth when its degree is given and low enough, and its parts are. */
export const number = (
  sql: string,
  args: readonly Expr[],
  more: Bounds & { integer?: boolean; degree?: number } = {},
): Expr => {
  const smooth = more.degree !== undefined && more.degree <= mostDegree && all(args, 'smooth')
  const expr = {
    sql,
    type: 'number' as const,
    integer: more.integer ?? false,
    smooth,
    degree: smooth ? more.degree : undefined,
    ...commonOf(args),
  }
  return ranged(expr, more.low, more.high)
}
/** An expression of another type made of `args`: a text, a date, an interval or a condition. */
export const other = (type: ValueType, sql: string, args: readonly Expr[]): Expr => ({
  sql,
  type,
  integer: false,
  smooth: false,
  ...commonOf(args),
  values: type === 'boolean' ? [false, true] : undefined,
})

/**
 * The degree of steps at places that nobody chose: 1 for those of a column as it is or of a literal, otherwise none, so
 * that the result is not smooth.
 */
export const degreeOfSteps = (...args: readonly Expr[]): number | undefined =>
  args.every((arg) => arg.pure || arg.constant !== undefined || (arg.low !== undefined && arg.low === arg.high))
    ? 1
    : undefined
