/**
 * The scalar functions that a query may use, each written anew so that no value of a row can raise an error: numbers
 * are computed as doubles, a division by zero or a logarithm of a negative number is missing. Whatever is not in this
 * table is refused.
 */
import { type Build, exactly } from './arguments.ts'
import {
  absolute,
  definedWhere,
  exponential,
  extremeOf,
  power,
  product,
  quotient,
  remainder,
  rounded,
  rounding,
  signOf,
  sum,
  wholeQuotient,
} from './arithmetic.ts'
import { datePart, difference, interval, partCalled, truncated } from './date-functions.ts'
import type { Expr } from './expr.ts'
import { notAllowed } from './refused.ts'
import { like, side, substring, textual } from './text-functions.ts'

/** The first argument, missing where it equals the second one. */
const nullIf: Build = (args) => {
  exactly(args, 'nullif', 2)
  const [value, missing] = args as [Expr, Expr]
  if (value.type !== missing.type) throw notAllowed('nullif compares values of one type.', 'nullif')
  return {
    ...value,
    constant: undefined,
    pure: undefined,
    known: undefined,
    sql: `nullif(${value.sql}, ${missing.sql})`,
    smooth: false,
    single: value.single && missing.single,
  }
}

const log10 = definedWhere('log10', '> 0', Math.log10)

/** By DuckDB's name of the function or operator, in lower case. */
export const scalarFunctions: ReadonlyMap<string, Build> = new Map<string, Build>([
  ['+', sum(1)],
  ['-', sum(-1)],
  ['*', product],
  ['/', quotient],
  ['//', wholeQuotient],
  ['%', remainder],
  ['abs', absolute],
  ['floor', rounding('floor')],
  ['ceil', rounding('ceil')],
  ['ceiling', rounding('ceil')],
  ['trunc', rounding('trunc')],
  ['round', rounded],
  ['sqrt', definedWhere('sqrt', '>= 0', Math.sqrt)],
  ['ln', definedWhere('ln', '> 0', Math.log)],
  ['log', log10],
  ['log10', log10],
  ['log2', definedWhere('log2', '> 0', Math.log2)],
  ['exp', exponential],
  ['pow', power],
  ['power', power],
  ['**', power],
  ['^', power],
  ['sign', signOf],
  ['greatest', extremeOf('greatest')],
  ['least', extremeOf('least')],
  ['nullif', nullIf],
  ['lower', textual('lower')],
  ['lcase', textual('lower')],
  ['upper', textual('upper')],
  ['ucase', textual('upper')],
  ['trim', textual('trim')],
  ['ltrim', textual('ltrim')],
  ['rtrim', textual('rtrim')],
  ['length', textual('length', 1, 1, 'number')],
  ['len', textual('length', 1, 1, 'number')],
  ['contains', textual('contains', 2, 2, 'boolean')],
  ['starts_with', textual('starts_with', 2, 2, 'boolean')],
  ['^@', textual('starts_with', 2, 2, 'boolean')],
  ['ends_with', textual('suffix', 2, 2, 'boolean')],
  ['suffix', textual('suffix', 2, 2, 'boolean')],
  ['prefix', textual('prefix', 2, 2, 'boolean')],
  ['replace', textual('replace', 3)],
  ['concat', textual('concat', 1, 6)],
  ['||', textual('concat', 2)],
  ['substring', substring],
  ['substr', substring],
  ['left', side('left')],
  ['right', side('right')],
  ['~~', like('LIKE')],
  ['!~~', like('NOT LIKE')],
  ['~~*', like('ILIKE')],
  ['!~~*', like('NOT ILIKE')],
  ['date_part', datePart],
  ['datepart', datePart],
  ['year', partCalled('year')],
  ['quarter', partCalled('quarter')],
  ['month', partCalled('month')],
  ['week', partCalled('week')],
  ['day', partCalled('day')],
  ['hour', partCalled('hour')],
  ['minute', partCalled('minute')],
  ['dayofweek', partCalled('dow')],
  ['date_trunc', truncated],
  ['datetrunc', truncated],
  ['date_diff', difference],
  ['datediff', difference],
  ['to_days', interval('to_days')],
  ['to_weeks', interval('to_weeks')],
  ['to_months', interval('to_months')],
  ['to_years', interval('to_years')],
  ['to_hours', interval('to_hours')],
  ['to_minutes', interval('to_minutes')],
  ['to_seconds', interval('to_seconds')],
])
