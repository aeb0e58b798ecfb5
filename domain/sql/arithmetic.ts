/** Numbers of numbers: each operator and function with what follows for bounds, values, degree and smoothness. */
import { type Build, degreeOf, degreeOfSteps, isTime, number, numbers, other, whole } from './arguments.ts'
import { double } from './doubles.ts'
import { type Bounds, constant, type Expr, hull } from './expr.ts'

type Binary = (x: number, y: number) => number
type Pair = [Expr, Expr]
type Bounded = Expr & Required<Bounds>

const isBounded = (expr: Expr): expr is Bounded => expr.low !== undefined && expr.high !== undefined

/** The values of an operator, where one side is a literal and the other's are known: floor(x / 10) * 10 has tens. */
const withValues = (result: Expr, [left, right]: Pair, operator: Binary): Expr => {
  const values = valuesOf(result, left, right, operator)
  if (values?.every((value) => Number.isFinite(value))) return { ...result, values: [...new Set(values)] }
  return { ...result, values: undefined }
}
function valuesOf(result: Expr, left: Expr, right: Expr, operator: Binary): Expr['values'] {
  const { constant: first } = left
  const { constant: second } = right
  if (typeof second === 'number') return left.values?.map((value) => operator(Number(value), second))
  if (typeof first === 'number') return right.values?.map((value) => operator(first, Number(value)))
  return result.values
}

/** Bounds of an operator that is monotone in each side: the extremes of its corners. */
const corners = (left: Expr, right: Expr, operator: Binary): Bounds => {
  if (!isBounded(left) || !isBounded(right)) return {}
  const at = [left.low, left.high].flatMap((x) => [right.low, right.high].map((y) => operator(x, y)))
  return at.every((value) => Number.isFinite(value)) ? { low: Math.min(...at), high: Math.max(...at) } : {}
}

/**
 * `+x`, `-x`, and sums and differences of numbers, of dates and intervals, and of two dates in days; throws `Refused`
 * for anything else.
 */
export const sum =
  (sign: 1 | -1): Build =>
  (args, name) => {
    if (args.length === 1) return signed(sign, args, name)
    const [left, right] = args as Pair
    const operator = sign > 0 ? '+' : '-'
    if (isTime(left) && right.type === 'interval')
      return other('datetime', `(${left.sql} ${operator} ${right.sql})`, args)
    if (sign < 0 && left.type === 'date' && right.type === 'date')
      return number(`CAST(date_diff('day', ${right.sql}, ${left.sql}) AS DOUBLE)`, args, {
        integer: true,
        degree: degreeOfSteps(left, right),
      })
    numbers(args, name, 2)
    if (typeof left.constant === 'number' && typeof right.constant === 'number')
      return constant(left.constant + sign * right.constant)
    const result = number(`(${double(left)} ${operator} ${double(right)})`, args, {
      integer: left.integer && right.integer,
      degree: Math.max(degreeOf(left), degreeOf(right)),
      ...boundsOfSum(left, right, sign),
    })
    return withValues(result, [left, right], (x, y) => x + sign * y)
  }
function boundsOfSum(left: Expr, right: Expr, sign: 1 | -1): Bounds {
  if (!isBounded(left) || !isBounded(right)) return {}
  return sign > 0
    ? { low: left.low + right.low, high: left.high + right.high }
    : { low: left.low - right.high, high: left.high - right.low }
}
function signed(sign: 1 | -1, args: readonly Expr[], name: string): Expr {
  numbers(args, name, 1)
  const [argument] = args as [Expr]
  if (typeof argument.constant === 'number') return constant(sign * argument.constant)
  return number(`(${sign < 0 ? '-' : ''}${double(argument)})`, args, {
    integer: argument.integer,
    degree: degreeOf(argument),
    low: sign < 0 ? argument.high && -argument.high : argument.low,
    high: sign < 0 ? argument.low && -argument.low : argument.high,
  })
}

/** The product of two numbers; throws `Refused` for anything else. */
export const product: Build = (args, name) => {
  numbers(args, name, 2)
  const [left, right] = args as Pair
  if (typeof left.constant === 'number' && typeof right.constant === 'number')
    return constant(left.constant * right.constant)
  const multiplied: Binary = (x, y) => x * y
  const result = number(`(${double(left)} * ${double(right)})`, args, {
    integer: left.integer && right.integer,
    degree: degreeOf(left) + degreeOf(right),
    ...corners(left, right, multiplied),
  })
  return withValues(result, [left, right], multiplied)
}

/**
 * `high` at most `ratio` times `low`, both of one sign: nothing that divides by it, or takes its logarithm, comes near
 * a pole.
 */
const isTame = (expr: Expr, ratio: number): boolean =>
  isBounded(expr) && expr.low * expr.high > 0 && Math.max(expr.low / expr.high, expr.high / expr.low) <= ratio

const isAwayFromZero = (divisor: Expr): boolean => isBounded(divisor) && (divisor.low > 0 || divisor.high < 0)
/** A division that is missing rather than an error where the divisor is zero. */
const divided = (left: Expr, right: Expr): string =>
  isAwayFromZero(right) ? `(${double(left)} / ${double(right)})` : `(${double(left)} / nullif(${double(right)}, 0))`

/** A quotient, missing where the divisor is zero; throws `Refused` for what is no number. */
export const quotient: Build = (args, name) => {
  numbers(args, name, 2)
  const [left, right] = args as Pair
  const bounds = isAwayFromZero(right) ? corners(left, right, (x, y) => x / y) : {}
  const degree = isTame(right, 30) ? degreeOf(left) + degreeOf(right) : undefined
  return number(divided(left, right), args, { degree, ...bounds })
}
/** A quotient rounded down, missing where the divisor is zero; throws `Refused` for what is no number. */
export const wholeQuotient: Build = (args, name) => {
  numbers(args, name, 2)
  const [left, right] = args as Pair
  const bounds = isAwayFromZero(right) ? corners(left, right, (x, y) => Math.floor(x / y)) : {}
  return number(`floor(${divided(left, right)})`, args, { integer: true, ...bounds })
}
/** What a division leaves, missing where the divisor is zero; throws `Refused` for what is no number. */
export const remainder: Build = (args, name) => {
  numbers(args, name, 2)
  const [left, right] = args as Pair
  return number(`(${double(left)} % nullif(${double(right)}, 0))`, args, { integer: left.integer && right.integer })
}

/** The size of a number; throws `Refused` for anything else. */
export const absolute: Build = (args, name) => {
  numbers(args, name, 1)
  const [argument] = args as [Expr]
  const sql = `abs(${double(argument)})`
  if (!isBounded(argument)) return number(sql, args, { integer: argument.integer })
  const { low, high } = argument
  return number(sql, args, {
    integer: argument.integer,
    // Of one sign there is no kink.
    degree: low * high >= 0 ? degreeOf(argument) : undefined,
    low: leastSize(low, high),
    high: Math.max(Math.abs(low), Math.abs(high)),
  })
}
function leastSize(low: number, high: number): number {
  if (low > 0) return low
  return high < 0 ? -high : 0
}

/** To whole numbers; throws `Refused` for what is no number. */
export const rounding =
  (direction: 'floor' | 'ceil' | 'trunc'): Build =>
  (args, name) => {
    numbers(args, name, 1)
    const [argument] = args as [Expr]
    const round = Math[direction]
    const bounds = isBounded(argument) ? { low: round(argument.low), high: round(argument.high) } : {}
    return number(`${direction}(${double(argument)})`, args, { integer: true, ...bounds })
  }

/** `round(x)`, or to a number of decimals written into the query; throws `Refused` for what is no number. */
export const rounded: Build = (args, name) => {
  numbers(args, name, 1, 2)
  const decimals = args[1] ? whole(args[1], name, -12, 12) : 0
  const [argument] = args as [Expr]
  const unit = 10 ** -decimals
  const bounds = isBounded(argument)
    ? { low: Math.floor(argument.low / unit) * unit, high: Math.ceil(argument.high / unit) * unit }
    : {}
  return number(`round(${double(argument)}, ${decimals})`, [argument], { integer: decimals <= 0, ...bounds })
}

/**
 * A function that has a value only where a condition holds; missing elsewhere. It grows with its argument. Throws
 * `Refused` for what is no number.
 */
export const definedWhere =
  (name: string, condition: '>= 0' | '> 0', of: (x: number) => number): Build =>
  (args) => {
    numbers(args, name, 1)
    const [argument] = args as [Expr]
    const sql = double(argument)
    // Bounds that are not finite say nothing: `number` leaves them out.
    const bounds = isBounded(argument) ? { low: of(argument.low), high: of(argument.high) } : {}
    const degree = argument.pure || isTame(argument, 100) ? degreeOf(argument) : undefined
    return number(`CASE WHEN ${sql} ${condition} THEN ${name}(${sql}) END`, args, { degree, ...bounds })
  }

/** e to a number, missing from 100 on, where it would soon be infinite; throws `Refused` for what is no number. */
export const exponential: Build = (args, name) => {
  numbers(args, name, 1)
  const sql = double(args[0]!)
  return number(`CASE WHEN ${sql} < 100 THEN exp(${sql}) END`, args)
}

/** To a whole power from 0 to 4, written into the query; throws `Refused` for any other. */
export const power: Build = (args, name) => {
  numbers(args, name, 2)
  const [base] = args as [Expr]
  const exponent = whole(args[1]!, name, 0, 4)
  const grows = isBounded(base) && base.low >= 0
  return number(`pow(${double(base)}, ${exponent})`, [base], {
    integer: base.integer,
    degree: exponent * degreeOf(base),
    low: grows ? base.low! ** exponent : undefined,
    high: grows ? base.high! ** exponent : undefined,
  })
}

/** -1, 0 or 1; throws `Refused` for what is no number. */
export const signOf: Build = (args, name) => {
  numbers(args, name, 1)
  return number(`CAST(sign(${double(args[0]!)}) AS DOUBLE)`, args, { integer: true, low: -1, high: 1 })
}

/** The largest or smallest of two to ten numbers of one row; throws `Refused` for anything else. */
export const extremeOf =
  (which: 'greatest' | 'least'): Build =>
  (args, name) => {
    numbers(args, name, 2, 10)
    const [low, high] = hull(args)
    return number(`${which}(${args.map(double).join(', ')})`, args, { low, high })
  }
