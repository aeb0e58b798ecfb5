/** Dates: their parts, what they are rounded down to, differences and intervals. */
import { type Build, degreeOfSteps, exactly, isTime, number, other, textOf, whole } from './arguments.ts'
import type { Expr } from './expr.ts'
import { notAllowed } from './refused.ts'

const units = new Set([
  'year',
  'quarter',
  'month',
  'week',
  'day',
  'dow',
  'isodow',
  'doy',
  'hour',
  'minute',
  'second',
  'decade',
])
/** Parts of a date that are no steps of time: nothing can be rounded down to them, or counted in them. */
const partsOnly = new Set(['dow', 'isodow', 'doy'])
/** Parts that have the same range in every year. */
const rangeOfPart: Record<string, [low: number, high: number]> = {
  quarter: [1, 4],
  month: [1, 12],
  week: [1, 53],
  day: [1, 31],
  dow: [0, 6],
  isodow: [1, 7],
  doy: [1, 366],
  hour: [0, 23],
  minute: [0, 59],
}

/** The unit that the query names, in the singular and lower case. */
const unitOf = (expr: Expr, name: string): string => {
  const unit = textOf(expr, name).toLowerCase().replace(/s$/, '')
  if (!units.has(unit)) throw notAllowed(`${name} takes one of ${[...units].join(', ')}.`, name)
  return unit
}

/** The range of a part: of years, those between the bounds of the date (in UTC, milliseconds). */
function rangeOf(unit: string, date: Expr): [low: number | undefined, high: number | undefined] {
  if (unit !== 'year' || date.low === undefined || date.high === undefined)
    return rangeOfPart[unit] ?? [undefined, undefined]
  return [new Date(date.low).getUTCFullYear(), new Date(date.high).getUTCFullYear()]
}

function part(unit: string, date: Expr, name: string): Expr {
  if (!isTime(date)) throw notAllowed(`${name} takes a date or a date with time.`, name)
  const [low, high] = rangeOf(unit, date)
  return number(`CAST(date_part('${unit}', ${date.sql}) AS DOUBLE)`, [date], {
    integer: unit !== 'second',
    degree: degreeOfSteps(date),
    low,
    high,
  })
}

/** `date_part('month', date)`; throws `Refused` for another unit, or what is no date. */
export const datePart: Build = (args, name) => {
  exactly(args, name, 2)
  return part(unitOf(args[0]!, name), args[1]!, name)
}
/** `month(date)` and its kin; throws `Refused` for what is no date. */
export const partCalled =
  (unit: string): Build =>
  (args, name) => {
    exactly(args, name, 1)
    return part(unit, args[0]!, name)
  }

/**
 * `date_trunc('month', date)`: the first moment of the month; throws `Refused` for what is no date or no unit of time.
 */
export const truncated: Build = (args, name) => {
  exactly(args, name, 2)
  const unit = unitOf(args[0]!, name)
  const date = args[1]!
  if (!isTime(date) || partsOnly.has(unit)) throw notAllowed(`${name} takes a unit and a date.`, name)
  return other('datetime', `CAST(date_trunc('${unit}', ${date.sql}) AS TIMESTAMP)`, [date])
}

/**
 * `date_diff('day', from, to)`: how many borders of the unit lie between; throws `Refused` for what are no dates, or no
 * unit of time.
 */
export const difference: Build = (args, name) => {
  exactly(args, name, 3)
  const unit = unitOf(args[0]!, name)
  const [from, to] = args.slice(1) as [Expr, Expr]
  if (!isTime(from) || !isTime(to) || partsOnly.has(unit)) throw notAllowed(`${name} takes a unit and two dates.`, name)
  return number(
    `CAST(date_diff('${unit}', CAST(${from.sql} AS TIMESTAMP), CAST(${to.sql} AS TIMESTAMP)) AS DOUBLE)`,
    [from, to],
    { integer: true, degree: degreeOfSteps(from, to) },
  )
}

/**
 * `to_days(7)`: an interval of a whole number written into the query, to add to a date; throws `Refused` for any other.
 */
export const interval =
  (sql: string): Build =>
  (args, name) => ({ ...other('interval', `${sql}(${whole(args[0]!, name, -100_000, 100_000)})`, args), smooth: true })
