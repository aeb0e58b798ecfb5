/**
 * The scalar functions that a query may use, each written anew so that no value of a row can raise an error: numbers
 * are computed as doubles, a division by zero or a logarithm of a negative number is missing. Whatever is not in this
 * table is refused.
 */
import { constant, type Expr, hull, literal, ranged, usesOf, type ValueType } from './expr.ts'
import { notAllowed } from './refused.ts'

type Build = (args: readonly Expr[], name: string) => Expr

const all = (args: readonly Expr[], what: 'smooth' | 'single' | 'uniform' | 'known'): boolean =>
  args.every((a) => a[what] === true)
/** A number in double precision. */
export const double = (e: Expr): string =>
  e.type === 'boolean'
    ? `CAST(${e.sql} AS DOUBLE)`
    : e.integer && e.constant === undefined
      ? `CAST(${e.sql} AS DOUBLE)`
      : typeof e.constant === 'number'
        ? `CAST('${e.constant}' AS DOUBLE)`
        : e.sql

const numbers = (args: readonly Expr[], name: string, least: number, most = least): void => {
  if (args.length < least || args.length > most)
    throw notAllowed(
      `${name} takes ${least === most ? least : `${least} to ${most}`} argument${most === 1 ? '' : 's'}.`,
      name,
    )
  for (const a of args) if (a.type !== 'number' && a.type !== 'null') throw notAllowed(`${name} takes numbers.`, name)
}
const texts = (args: readonly Expr[], name: string, least: number, most = least): void => {
  if (args.length < least || args.length > most)
    throw notAllowed(`${name} takes ${least === most ? least : `${least} to ${most}`} arguments.`, name)
}
const whole = (e: Expr, name: string, from: number, to: number): number => {
  if (typeof e.constant !== 'number' || !Number.isInteger(e.constant) || e.constant < from || e.constant > to)
    throw notAllowed(`${name} takes a whole number from ${from} to ${to}, written into the query.`, name)
  return e.constant
}
const textOf = (e: Expr, name: string): string => {
  if (typeof e.constant !== 'string') throw notAllowed(`${name} takes a text written into the query here.`, name)
  return e.constant
}
/** Degrees above which a polynomial could be a bump over one value. */
const mostDegree = 3
const degreeOf = (e: Expr): number => (e.constant === undefined ? (e.degree ?? 1) : 0)
/**
 * `high` at most `ratio` times `low`, both of one sign: nothing that divides by it, or takes its logarithm, comes near
 * a pole.
 */
const tame = (e: Expr, ratio: number): boolean =>
  e.low !== undefined && e.high !== undefined && e.low * e.high > 0 && Math.max(e.low / e.high, e.high / e.low) <= ratio
/** A number made of numbers; smooth when its degree is given and low enough, and its parts are. */
const number = (
  sql: string,
  args: readonly Expr[],
  more: { integer?: boolean; degree?: number | undefined; low?: number | undefined; high?: number | undefined } = {},
): Expr => {
  const smooth = more.degree !== undefined && more.degree <= mostDegree && all(args, 'smooth')
  return ranged(
    {
      sql,
      type: 'number',
      integer: more.integer ?? false,
      smooth,
      ...(smooth ? { degree: more.degree! } : {}),
      uses: [...new Set(args.flatMap(usesOf))],
      single: all(args, 'single'),
      uniform: all(args, 'uniform'),
      known: all(args, 'known'),
    },
    more.low,
    more.high,
  )
}
const other = (type: ValueType, sql: string, args: readonly Expr[]): Expr => ({
  sql,
  type,
  integer: false,
  smooth: false,
  uses: [...new Set(args.flatMap(usesOf))],
  single: all(args, 'single'),
  uniform: all(args, 'uniform'),
  known: all(args, 'known'),
  ...(type === 'boolean' ? { values: [false, true] } : {}),
})
/** The values of arithmetic with a constant, where the other's are known: floor(x / 10) * 10 has tens. */
const mapped = (e: Expr, a: Expr, b: Expr, f: (x: number, y: number) => number): Expr => {
  const of =
    typeof b.constant === 'number'
      ? a.values?.map((v) => f(Number(v), b.constant as number))
      : typeof a.constant === 'number'
        ? b.values?.map((v) => f(a.constant as number, Number(v)))
        : e.values
  if (of && of.every(Number.isFinite)) return { ...e, values: [...new Set(of)] }
  const { values: _, ...rest } = e
  return rest
}
/** Steps at places that nobody chose: of a column as it is. */
const fixed = (...args: readonly Expr[]): { degree?: number } =>
  args.every((a) => a.pure || a.constant !== undefined || (a.low !== undefined && a.low === a.high))
    ? { degree: 1 }
    : {}

const sum =
  (sign: 1 | -1): Build =>
  (args, name) => {
    const [a, b] = args as [Expr, Expr]
    if (args.length === 1) {
      numbers(args, name, 1)
      return typeof a.constant === 'number'
        ? constant(sign * a.constant)
        : number(`(${sign < 0 ? '-' : ''}${double(a)})`, args, {
            integer: a.integer,
            degree: degreeOf(a),
            low: sign < 0 ? a.high && -a.high : a.low,
            high: sign < 0 ? a.low && -a.low : a.high,
          })
    }
    if ((a.type === 'date' || a.type === 'datetime') && b.type === 'interval')
      return other('datetime', `(${a.sql} ${sign > 0 ? '+' : '-'} ${b.sql})`, args)
    if (sign < 0 && a.type === 'date' && b.type === 'date')
      return number(`CAST(date_diff('day', ${b.sql}, ${a.sql}) AS DOUBLE)`, args, { integer: true, ...fixed(a, b) })
    numbers(args, name, 2)
    if (typeof a.constant === 'number' && typeof b.constant === 'number')
      return constant(a.constant + sign * b.constant)
    const known = [a.low, a.high, b.low, b.high].every((v) => v !== undefined)
    return mapped(
      number(`(${double(a)} ${sign > 0 ? '+' : '-'} ${double(b)})`, args, {
        integer: a.integer && b.integer,
        degree: Math.max(degreeOf(a), degreeOf(b)),
        ...(known
          ? {
              low: sign > 0 ? a.low! + b.low! : a.low! - b.high!,
              high: sign > 0 ? a.high! + b.high! : a.high! - b.low!,
            }
          : {}),
      }),
      a,
      b,
      (x, y) => x + sign * y,
    )
  }
const corners = (a: Expr, b: Expr, f: (x: number, y: number) => number): { low?: number; high?: number } => {
  if ([a.low, a.high, b.low, b.high].some((v) => v === undefined)) return {}
  const at = [f(a.low!, b.low!), f(a.low!, b.high!), f(a.high!, b.low!), f(a.high!, b.high!)]
  return at.every(Number.isFinite) ? { low: Math.min(...at), high: Math.max(...at) } : {}
}
const divisorAwayFromZero = (b: Expr): boolean =>
  b.low !== undefined && b.high !== undefined && (b.low > 0 || b.high < 0)
const guarded = (a: string, b: Expr): string =>
  divisorAwayFromZero(b) ? `(${a} / ${double(b)})` : `(${a} / nullif(${double(b)}, 0))`

const rounding =
  (f: 'floor' | 'ceil' | 'trunc'): Build =>
  (args, name) => {
    numbers(args, name, 1)
    const [a] = args as [Expr]
    const of = Math[f]
    return number(`${f}(${double(a)})`, args, {
      integer: true,
      ...(a.low !== undefined && a.high !== undefined ? { low: of(a.low), high: of(a.high) } : {}),
    })
  }
const where =
  (name: string, test: (x: string) => string, low?: (v: number) => number): Build =>
  (args) => {
    numbers(args, name, 1)
    const [a] = args as [Expr]
    const x = double(a)
    const lo = low && a.low !== undefined && a.high !== undefined ? { low: low(a.low), high: low(a.high) } : {}
    return number(`CASE WHEN ${test(x)} THEN ${name}(${x}) END`, args, {
      ...(a.pure || tame(a, 100) ? { degree: degreeOf(a) } : {}),
      ...(Number.isFinite(lo.low) && Number.isFinite(lo.high) ? lo : {}),
    })
  }
const extreme =
  (f: 'greatest' | 'least'): Build =>
  (args, name) => {
    numbers(args, name, 2, 10)
    const [low, high] = hull(args)
    return number(`${f}(${args.map(double).join(', ')})`, args, { low, high })
  }

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
const unit = (e: Expr, name: string): string => {
  const u = textOf(e, name).toLowerCase().replace(/s$/, '')
  if (!units.has(u)) throw notAllowed(`${name} takes one of ${[...units].join(', ')}.`, name)
  return u
}
const fixedRange: Record<string, [number, number]> = {
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
const isTime = (e: Expr): boolean => e.type === 'date' || e.type === 'datetime'
const part = (u: string, e: Expr, name: string): Expr => {
  if (!isTime(e)) throw notAllowed(`${name} takes a date or a date with time.`, name)
  const yearOf = (ms: number): number => new Date(ms).getUTCFullYear()
  const [low, high] =
    u === 'year' && e.low !== undefined && e.high !== undefined
      ? [yearOf(e.low), yearOf(e.high)]
      : (fixedRange[u] ?? [undefined, undefined])
  return number(`CAST(date_part('${u}', ${e.sql}) AS DOUBLE)`, [e], { integer: u !== 'second', ...fixed(e), low, high })
}
const interval =
  (f: string): Build =>
  (args, name) => ({ ...other('interval', `${f}(${whole(args[0]!, name, -100_000, 100_000)})`, args), smooth: true })
const textual =
  (f: string, least = 1, most = least, result: ValueType = 'text'): Build =>
  (args, name) => {
    texts(args, name, least, most)
    for (const a of args) if (a.type !== 'text' && a.type !== 'null') throw notAllowed(`${name} takes texts.`, name)
    return result === 'number'
      ? number(`CAST(${f}(${args.map((a) => a.sql).join(', ')}) AS DOUBLE)`, args, { integer: true })
      : other(result, `${f}(${args.map((a) => a.sql).join(', ')})`, args)
  }
const like =
  (operator: string): Build =>
  (args) => {
    texts(args, 'LIKE', 2)
    if (args[0]!.type !== 'text') throw notAllowed('LIKE compares texts.', 'LIKE')
    const pattern = textOf(args[1]!, 'LIKE')
    if ((pattern.match(/%/g) ?? []).length > 5 || pattern.length > 200)
      throw notAllowed('A LIKE pattern may have at most 5 % and 200 characters.', 'LIKE')
    return other('boolean', `(${args[0]!.sql} ${operator} ${literal(pattern)})`, args)
  }

/** By DuckDB's name of the function or operator, in lower case. */
export const scalarFunctions: ReadonlyMap<string, Build> = new Map<string, Build>([
  ['+', sum(1)],
  ['-', sum(-1)],
  [
    '*',
    (args, name) => {
      numbers(args, name, 2)
      const [a, b] = args as [Expr, Expr]
      return typeof a.constant === 'number' && typeof b.constant === 'number'
        ? constant(a.constant * b.constant)
        : mapped(
            number(`(${double(a)} * ${double(b)})`, args, {
              integer: a.integer && b.integer,
              degree: degreeOf(a) + degreeOf(b),
              ...corners(a, b, (x, y) => x * y),
            }),
            a,
            b,
            (x, y) => x * y,
          )
    },
  ],
  [
    '/',
    (args, name) => {
      numbers(args, name, 2)
      const [a, b] = args as [Expr, Expr]
      return number(guarded(double(a), b), args, {
        ...(tame(b, 30) ? { degree: degreeOf(a) + degreeOf(b) } : {}),
        ...(divisorAwayFromZero(b) ? corners(a, b, (x, y) => x / y) : {}),
      })
    },
  ],
  [
    '//',
    (args, name) => {
      numbers(args, name, 2)
      const [a, b] = args as [Expr, Expr]
      return number(`floor(${guarded(double(a), b)})`, args, {
        integer: true,
        ...(divisorAwayFromZero(b) ? corners(a, b, (x, y) => Math.floor(x / y)) : {}),
      })
    },
  ],
  [
    '%',
    (args, name) => {
      numbers(args, name, 2)
      const [a, b] = args as [Expr, Expr]
      return number(`(${double(a)} % nullif(${double(b)}, 0))`, args, { integer: a.integer && b.integer })
    },
  ],
  [
    'abs',
    (args, name) => {
      numbers(args, name, 1)
      const [a] = args as [Expr]
      return number(`abs(${double(a)})`, args, {
        integer: a.integer,
        ...(a.low !== undefined && a.high !== undefined && a.low * a.high >= 0 ? { degree: degreeOf(a) } : {}),
        ...(a.low !== undefined && a.high !== undefined
          ? { low: a.low > 0 ? a.low : a.high < 0 ? -a.high : 0, high: Math.max(Math.abs(a.low), Math.abs(a.high)) }
          : {}),
      })
    },
  ],
  ['floor', rounding('floor')],
  ['ceil', rounding('ceil')],
  ['ceiling', rounding('ceil')],
  ['trunc', rounding('trunc')],
  [
    'round',
    (args, name) => {
      numbers(args, name, 1, 2)
      const d = args[1] ? whole(args[1], name, -12, 12) : 0
      const [a] = args as [Expr]
      const half = 10 ** -d
      return number(`round(${double(a)}, ${d})`, [a], {
        integer: d <= 0,
        ...(a.low !== undefined && a.high !== undefined
          ? { low: Math.floor(a.low / half) * half, high: Math.ceil(a.high / half) * half }
          : {}),
      })
    },
  ],
  ['sqrt', where('sqrt', (x) => `${x} >= 0`, Math.sqrt)],
  ['ln', where('ln', (x) => `${x} > 0`, Math.log)],
  ['log', where('log10', (x) => `${x} > 0`, Math.log10)],
  ['log10', where('log10', (x) => `${x} > 0`, Math.log10)],
  ['log2', where('log2', (x) => `${x} > 0`, Math.log2)],
  [
    'exp',
    (args, name) => {
      numbers(args, name, 1)
      const x = double(args[0]!)
      return number(`CASE WHEN ${x} < 100 THEN exp(${x}) END`, args)
    },
  ],
  ['pow', power],
  ['power', power],
  ['**', power],
  ['^', power],
  [
    'sign',
    (args, name) => {
      numbers(args, name, 1)
      return number(`CAST(sign(${double(args[0]!)}) AS DOUBLE)`, args, { integer: true, low: -1, high: 1 })
    },
  ],
  ['greatest', extreme('greatest')],
  ['least', extreme('least')],
  [
    'nullif',
    (args) => {
      texts(args, 'nullif', 2)
      const [a, b] = args as [Expr, Expr]
      if (a.type !== b.type) throw notAllowed('nullif compares values of one type.', 'nullif')
      const { constant: _, pure: _pure, known: _known, ...of } = a
      return { ...of, sql: `nullif(${a.sql}, ${b.sql})`, smooth: false, single: a.single && b.single }
    },
  ],
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
  [
    'date_part',
    (args, name) => {
      texts(args, name, 2)
      return part(unit(args[0]!, name), args[1]!, name)
    },
  ],
  [
    'datepart',
    (args, name) => {
      texts(args, name, 2)
      return part(unit(args[0]!, name), args[1]!, name)
    },
  ],
  ...['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute'].map((u): [string, Build] => [
    u,
    (args, name) => {
      texts(args, name, 1)
      return part(u, args[0]!, name)
    },
  ]),
  [
    'dayofweek',
    (args, name) => {
      texts(args, name, 1)
      return part('dow', args[0]!, name)
    },
  ],
  ['date_trunc', trunc],
  ['datetrunc', trunc],
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

function power(args: readonly Expr[], name: string): Expr {
  numbers(args, name, 2)
  const [a] = args as [Expr, Expr]
  const exponent = whole(args[1]!, name, 0, 4)
  return number(`pow(${double(a)}, ${exponent})`, [a], {
    integer: a.integer,
    degree: exponent * degreeOf(a),
    ...(a.low !== undefined && a.high !== undefined && a.low >= 0
      ? { low: a.low ** exponent, high: a.high ** exponent }
      : {}),
  })
}
function substring(args: readonly Expr[], name: string): Expr {
  texts(args, name, 2, 3)
  if (args[0]!.type !== 'text') throw notAllowed(`${name} takes a text.`, name)
  return other(
    'text',
    `substring(${[args[0]!.sql, ...args.slice(1).map((a) => whole(a, name, -10_000, 10_000))].join(', ')})`,
    [args[0]!],
  )
}
function side(f: 'left' | 'right'): Build {
  return (args, name) => {
    texts(args, name, 2)
    if (args[0]!.type !== 'text') throw notAllowed(`${name} takes a text.`, name)
    return other('text', `${f}(${args[0]!.sql}, ${whole(args[1]!, name, 0, 10_000)})`, [args[0]!])
  }
}
function trunc(args: readonly Expr[], name: string): Expr {
  texts(args, name, 2)
  const u = unit(args[0]!, name)
  if (!isTime(args[1]!) || ['dow', 'isodow', 'doy'].includes(u))
    throw notAllowed(`${name} takes a unit and a date.`, name)
  return other('datetime', `CAST(date_trunc('${u}', ${args[1]!.sql}) AS TIMESTAMP)`, [args[1]!])
}
function difference(args: readonly Expr[], name: string): Expr {
  texts(args, name, 3)
  const u = unit(args[0]!, name)
  if (!isTime(args[1]!) || !isTime(args[2]!) || ['dow', 'isodow', 'doy'].includes(u))
    throw notAllowed(`${name} takes a unit and two dates.`, name)
  return number(
    `CAST(date_diff('${u}', CAST(${args[1]!.sql} AS TIMESTAMP), CAST(${args[2]!.sql} AS TIMESTAMP)) AS DOUBLE)`,
    args.slice(1),
    { integer: true, ...fixed(...args.slice(1)) },
  )
}
