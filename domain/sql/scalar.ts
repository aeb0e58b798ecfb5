/**
 * From a parsed scalar expression to one of ours: an allow-list of node types, with the types checked so that nothing
 * is cast in silence.
 */
import { type Ast, list, object, text, texts } from './ast.ts'
import { constant, type Expr, hull, literal, ranged, usesOf, type ValueType } from './expr.ts'
import { double, scalarFunctions } from './functions.ts'
import { notAllowed } from './refused.ts'

/**
 * How a column's name is found; and what else may stand in an expression (an aggregate per subject, for instance).
 * Undefined: not mine.
 */
export interface Names {
  column(names: string[]): Expr
  special?(node: Ast): Expr | undefined
}

const comparisons: Record<string, string> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'IS DISTINCT FROM',
  COMPARE_NOT_DISTINCT_FROM: 'IS NOT DISTINCT FROM',
}
const numericCasts = new Set(['DOUBLE', 'FLOAT', 'DECIMAL'])
const integerCasts = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
])

const boolean = (sql: string, parts: readonly Expr[]): Expr => ({
  sql,
  type: 'boolean',
  integer: false,
  smooth: false,
  single: parts.every((p) => p.single),
  uniform: parts.every((p) => p.uniform === true),
  known: parts.every((p) => p.known === true),
  values: [false, true],
})
const truth = (e: Expr): Expr => {
  if (e.type !== 'boolean' && e.type !== 'null')
    throw notAllowed('A condition must be true or false: compare the column with something.')
  return e
}

/** A value of the query's own text. */
function value(node: Ast): Expr {
  const v = object(node['value'])
  const type = object(v['type'])
  if (v['is_null'] === true) return constant(null)
  const raw = v['value']
  const id = text(type['id'])
  if (id === 'VARCHAR') return constant(text(raw))
  if (id === 'BOOLEAN') return constant(raw === true)
  if (id === 'HUGEINT') {
    const h = object(raw)
    return constant(Number(h['upper']) * 2 ** 64 + Number(h['lower']))
  }
  if (id === 'DECIMAL') {
    const scale = Number(object(type['type_info'])['scale'])
    const whole =
      typeof raw === 'object' && raw !== null
        ? Number((raw as Ast)['upper']) * 2 ** 64 + Number((raw as Ast)['lower'])
        : Number(raw)
    return constant(Number(`${whole}e${-scale}`))
  }
  if ((integerCasts.has(id) || numericCasts.has(id)) && typeof raw === 'number' && Number.isFinite(raw))
    return constant(raw)
  throw notAllowed('This kind of literal is not allowed. Use numbers, texts, dates, TRUE, FALSE and NULL.')
}

/** Brings a text literal to the type of what it is compared with: dates are written as texts. */
function fit(e: Expr, type: ValueType): Expr {
  if (e.type === type || e.type === 'null') return e
  if (typeof e.constant === 'string' && (type === 'date' || type === 'datetime')) return moment(e.constant, type)
  if (e.type === 'date' && type === 'datetime') return { ...e, sql: `CAST(${e.sql} AS TIMESTAMP)`, type }
  throw notAllowed(`A ${e.type} is compared or combined with a ${type}. Use values of one type.`)
}
const moment = (v: string, type: 'date' | 'datetime'): Expr => {
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(v) ? `${v}T00:00:00Z` : v)
  if (!/^\d{4}-\d\d-\d\d/.test(v) || Number.isNaN(at)) throw notAllowed('Write dates as YYYY-MM-DD.')
  return {
    sql: `TRY_CAST(${literal(v)} AS ${type === 'date' ? 'DATE' : 'TIMESTAMP'})`,
    type,
    integer: false,
    smooth: true,
    single: true,
    uniform: true,
    low: at,
    high: at,
  }
}
/** Several values of one type. */
function alike(parts: readonly Expr[]): { parts: Expr[]; type: ValueType } {
  const types = new Set(parts.map((p) => p.type).filter((t) => t !== 'null'))
  const type: ValueType = types.has('datetime') ? 'datetime' : types.has('date') ? 'date' : ([...types][0] ?? 'null')
  return { parts: type === 'null' ? [...parts] : parts.map((p) => fit(p, type)), type }
}
const inner = (e: Expr): string => (e.type === 'number' ? double(e) : e.sql)

function cast(node: Ast, names: Names): Expr {
  const e = scalar(object(node['child']), names)
  const to = text(object(node['cast_type'])['id'])
  if (numericCasts.has(to)) {
    if (e.type === 'number') return typeof e.constant === 'number' ? e : { ...e, sql: double(e), uses: usesOf(e) }
    if (e.type === 'boolean') return indicatorOf(e)
    if (e.type === 'text')
      return { sql: `TRY_CAST(${e.sql} AS DOUBLE)`, type: 'number', integer: false, smooth: false, single: e.single }
  } else if (integerCasts.has(to)) {
    if (e.type === 'number')
      return typeof e.constant === 'number'
        ? constant(Math.round(e.constant))
        : e.integer
          ? e
          : ranged(
              { sql: `round_even(${double(e)}, 0)`, type: 'number', integer: true, smooth: false, single: e.single },
              e.low === undefined ? undefined : Math.floor(e.low),
              e.high === undefined ? undefined : Math.ceil(e.high),
            )
    if (e.type === 'boolean') return indicatorOf(e)
    if (e.type === 'text')
      return {
        sql: `CAST(TRY_CAST(${e.sql} AS BIGINT) AS DOUBLE)`,
        type: 'number',
        integer: true,
        smooth: false,
        single: e.single,
      }
  } else if (to === 'VARCHAR') {
    if (e.type === 'text') return e
    if (typeof e.constant === 'number') return constant(String(e.constant))
    if (e.type === 'number' && e.integer)
      return {
        sql: `CAST(TRY_CAST(${e.sql} AS BIGINT) AS VARCHAR)`,
        type: 'text',
        integer: false,
        smooth: false,
        single: e.single,
      }
    if (e.type === 'date' || e.type === 'datetime' || e.type === 'boolean' || e.type === 'number')
      return { sql: `CAST(${e.sql} AS VARCHAR)`, type: 'text', integer: false, smooth: false, single: e.single }
  } else if (to === 'DATE' || to === 'TIMESTAMP') {
    const type = to === 'DATE' ? 'date' : 'datetime'
    if (typeof e.constant === 'string') return moment(e.constant, type)
    if (e.type === 'date' || e.type === 'datetime' || e.type === 'text')
      return {
        sql: `TRY_CAST(${e.sql} AS ${to})`,
        type,
        integer: false,
        smooth: false,
        single: e.single,
        ...(e.type !== 'text' && e.low !== undefined ? { low: e.low, high: e.high! } : {}),
      }
  } else if (to === 'BOOLEAN') {
    if (e.constant === 't' || e.constant === 'true') return constant(true)
    if (e.constant === 'f' || e.constant === 'false') return constant(false)
    if (e.type === 'boolean') return e
    if (e.type === 'number') return boolean(`(${inner(e)} <> 0)`, [e])
  }
  throw notAllowed('This cast is not allowed. Cast to BIGINT, DOUBLE, VARCHAR, DATE, TIMESTAMP or BOOLEAN.', to)
}
const indicatorOf = (e: Expr): Expr => ({
  sql: `CAST(${e.sql} AS DOUBLE)`,
  type: 'number',
  integer: true,
  smooth: false,
  single: e.single,
  low: 0,
  high: 1,
  values: [0, 1],
  indicator: { sql: e.sql, zero: 0, one: 1 },
})

function cases(node: Ast, names: Names): Expr {
  const checks = list(node['case_checks']).map((c) => ({
    when: truth(scalar(object(c['when_expr']), names)),
    value: scalar(object(c['then_expr']), names),
  }))
  const otherwise = scalar(object(node['else_expr']), names)
  const { parts, type } = alike([...checks.map((c) => c.value), otherwise])
  const sql = `CASE ${checks.map((c, i) => `WHEN ${c.when.sql} THEN ${inner(parts[i]!)}`).join(' ')} ELSE ${inner(parts.at(-1)!)} END`
  const base = {
    sql,
    type,
    integer: parts.every((p) => p.integer || p.type === 'null'),
    smooth: false,
    single: [...checks.map((c) => c.when), ...parts].every((p) => p.single),
    known: parts.every((p) => p.known === true),
  }
  const constants = [...new Set(parts.map((p) => p.constant))]
  if (!constants.includes(undefined)) {
    const values = constants.filter((v): v is string | number | boolean => v !== null && v !== undefined)
    const [low, high] = hull(parts)
    const two =
      type === 'number' && values.length <= 2 && values.length > 0
        ? { zero: values.length === 1 ? 0 : Math.min(...values.map(Number)), one: Math.max(...values.map(Number)) }
        : undefined
    return {
      ...base,
      values,
      ...(type === 'number' && low !== undefined && high !== undefined ? { low, high } : {}),
      ...(two && two.one > two.zero
        ? {
            indicator: {
              sql:
                checks.length === 1 && parts[0]!.constant === two.one
                  ? checks[0]!.when.sql
                  : `(${sql}) = ${literal(two.one)}`,
              ...two,
            },
          }
        : {}),
    }
  }
  const [low, high] = type === 'number' ? hull(parts) : [undefined, undefined]
  return ranged(base, low, high)
}

function operator(node: Ast, names: Names): Expr {
  const type = text(node['type'])
  const args = list(node['children']).map((c) => scalar(c, names))
  switch (type) {
    case 'OPERATOR_NOT':
      return boolean(`(NOT ${truth(args[0]!).sql})`, args)
    case 'OPERATOR_IS_NULL':
      return boolean(`(${args[0]!.sql} IS NULL)`, args)
    case 'OPERATOR_IS_NOT_NULL':
      return boolean(`(${args[0]!.sql} IS NOT NULL)`, args)
    case 'OPERATOR_COALESCE': {
      const a = alike(args)
      return {
        ...ranged(
          {
            sql: `coalesce(${a.parts.map(inner).join(', ')})`,
            type: a.type,
            integer: a.parts.every((p) => p.integer),
            smooth: false,
            single: args.every((x) => x.single),
          },
          ...(a.type === 'number' ? hull(a.parts) : ([undefined, undefined] as [undefined, undefined])),
        ),
      }
    }
    case 'COMPARE_IN':
    case 'COMPARE_NOT_IN': {
      if (args.length > 1001) throw notAllowed('A list has at most 1000 values.')
      const { parts } = alike(args)
      return boolean(
        `(${inner(parts[0]!)} ${type === 'COMPARE_IN' ? 'IN' : 'NOT IN'} (${parts.slice(1).map(inner).join(', ')}))`,
        args,
      )
    }
    case 'OPERATOR_TRY':
      return args[0]!
    default:
      throw notAllowed('This operator is not allowed.', type.replace(/^OPERATOR_/, '').toLowerCase())
  }
}

/**
 * A scalar expression over the columns in reach. `Refused` for what is not in the allow-list. The subject's number is
 * refused here: it may only join, group per subject and be counted.
 */
export function scalar(node: Ast, names: Names): Expr {
  const e = raw(node, names)
  if (e.subject)
    throw notAllowed(
      'The subject column may only join tables, group an inner query by subject, or be counted: COUNT(DISTINCT subject).',
    )
  return e
}

/** As `scalar`, but the subject's number may be the whole expression. */
export function raw(node: Ast, names: Names): Expr {
  const special = names.special?.(node)
  if (special) return special
  switch (text(node['class'])) {
    case 'COLUMN_REF':
      return names.column(texts(node['column_names']))
    case 'CONSTANT':
      return value(node)
    case 'CAST':
      return cast(node, names)
    case 'CASE':
      return cases(node, names)
    case 'OPERATOR':
      return operator(node, names)
    case 'CONJUNCTION': {
      const parts = list(node['children']).map((c) => truth(scalar(c, names)))
      return boolean(`(${parts.map((p) => p.sql).join(node['type'] === 'CONJUNCTION_OR' ? ' OR ' : ' AND ')})`, parts)
    }
    case 'COMPARISON': {
      const sign = comparisons[text(node['type'])]
      if (!sign) throw notAllowed('This comparison is not allowed.')
      const { parts } = alike([scalar(object(node['left']), names), scalar(object(node['right']), names)])
      return boolean(`(${inner(parts[0]!)} ${sign} ${inner(parts[1]!)})`, parts)
    }
    case 'BETWEEN': {
      const { parts } = alike(['input', 'lower', 'upper'].map((k) => scalar(object(node[k]), names)))
      return boolean(
        `(${inner(parts[0]!)} ${node['type'] === 'COMPARE_NOT_BETWEEN' ? 'NOT BETWEEN' : 'BETWEEN'} ${inner(parts[1]!)} AND ${inner(parts[2]!)})`,
        parts,
      )
    }
    case 'FUNCTION':
      return call(node, names)
    case 'SUBQUERY':
      throw notAllowed(
        'A query inside an expression is not allowed: subjects cannot be tracked through it. Join its table on the subject instead.',
      )
    case 'WINDOW':
      throw notAllowed(
        'Window functions are not allowed. Aggregate per subject in an inner query: GROUP BY the subject.',
      )
    case 'LAMBDA':
      throw notAllowed('Lambda functions are not allowed.')
    case 'STAR':
      throw notAllowed('Name the columns: * is only possible in an inner query.')
    case 'PARAMETER':
      throw notAllowed('Parameters have no value here. Write the values into the query.')
    default:
      throw notAllowed('This kind of expression is not allowed.')
  }
}

function call(node: Ast, names: Names): Expr {
  const name = text(node['function_name']).toLowerCase()
  if ((text(node['schema']) !== '' && text(node['schema']) !== 'main') || text(node['catalog']) !== '')
    throw notAllowed('Functions have no schema here.', name)
  const build = scalarFunctions.get(name)
  if (!build) throw notAllowed(`The function ${name.slice(0, 60)} is not allowed${aggregateHint(name)}.`, name)
  if (
    node['distinct'] === true ||
    (node['filter'] !== undefined && node['filter'] !== null) ||
    list(object(node['order_bys'] ?? {})['orders']).length > 0
  )
    throw notAllowed(`${name} is no aggregate.`, name)
  return build(
    list(node['children']).map((c) => scalar(c, names)),
    name,
  )
}
const aggregateHint = (name: string): string =>
  ['count', 'count_star', 'sum', 'avg', 'mean', 'median', 'stddev', 'variance', 'quantile_cont', 'corr'].includes(name)
    ? ' here: aggregates belong into the list of columns of the outer query, or into an inner query grouped by the subject'
    : ''
