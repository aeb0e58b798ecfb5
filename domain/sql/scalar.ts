/**
 * From a parsed scalar expression to one of ours: an allow-list of node types, with the types checked so that nothing
 * is cast in silence.
 */
import { type Ast, isAbsent, list, object, text, texts } from './ast.ts'
import { cases } from './cases.ts'
import { cast } from './casts.ts'
import { alike, condition, operand, truth } from './conditions.ts'
import { all, type Expr, hull, ranged } from './expr.ts'
import { scalarFunctions } from './functions.ts'
import { literalOf } from './literals.ts'
import { notAllowed } from './refused.ts'

/**
 * How a column's name is found; and what else may stand in an expression (an aggregate per subject, for instance).
 * Undefined: not mine.
 */
export interface Names {
  column(names: string[]): Expr
  special?(node: Ast): Expr | undefined
}

/**
 * A scalar expression over the columns in reach. Throws `Refused` for what is not in the allow-list. The subject's
 * number is refused here: it may only join, group per subject and be counted.
 */
export function scalar(node: Ast, names: Names): Expr {
  const expr = raw(node, names)
  if (expr.subject)
    throw notAllowed(
      'The subject column may only join tables, group an inner query by subject, or be counted: COUNT(DISTINCT subject).',
    )
  return expr
}

/** As `scalar`, which throws `Refused`, but the subject's number may be the whole expression. */
export function raw(node: Ast, names: Names): Expr {
  const special = names.special?.(node)
  if (special) return special
  const kind = text(node['class'])
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined
  if (read) return read(node, names)
  throw notAllowed(Object.hasOwn(refusals, kind) ? refusals[kind]! : 'This kind of expression is not allowed.')
}

type Reader = (node: Ast, names: Names) => Expr

/** By the class of the node. */
const readers: Readonly<Record<string, Reader>> = {
  COLUMN_REF: (node, names) => names.column(texts(node['column_names'])),
  CONSTANT: literalOf,
  CAST: (node, names) => cast(scalar(object(node['child']), names), text(object(node['cast_type'])['id'])),
  CASE: readCase,
  OPERATOR: readOperator,
  CONJUNCTION: readConjunction,
  COMPARISON: readComparison,
  BETWEEN: readBetween,
  FUNCTION: readCall,
}
const refusals: Readonly<Record<string, string>> = {
  SUBQUERY:
    'A query inside an expression is not allowed: subjects cannot be tracked through it. Join its table on the subject instead.',
  WINDOW: 'Window functions are not allowed. Aggregate per subject in an inner query: GROUP BY the subject.',
  LAMBDA: 'Lambda functions are not allowed.',
  STAR: 'Name the columns: * is only possible in an inner query.',
  PARAMETER: 'Parameters have no value here. Write the values into the query.',
}

const childrenOf = (node: Ast, names: Names): Expr[] => list(node['children']).map((child) => scalar(child, names))

function readCase(node: Ast, names: Names): Expr {
  const branches = list(node['case_checks']).map((check) => ({
    when: truth(scalar(object(check['when_expr']), names)),
    value: scalar(object(check['then_expr']), names),
  }))
  return cases(branches, scalar(object(node['else_expr']), names))
}

function readConjunction(node: Ast, names: Names): Expr {
  const parts = list(node['children']).map((child) => truth(scalar(child, names)))
  const joint = node['type'] === 'CONJUNCTION_OR' ? ' OR ' : ' AND '
  return condition(`(${parts.map((part) => part.sql).join(joint)})`, parts)
}

const comparisons: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: '=',
  COMPARE_NOTEQUAL: '<>',
  COMPARE_LESSTHAN: '<',
  COMPARE_GREATERTHAN: '>',
  COMPARE_LESSTHANOREQUALTO: '<=',
  COMPARE_GREATERTHANOREQUALTO: '>=',
  COMPARE_DISTINCT_FROM: 'IS DISTINCT FROM',
  COMPARE_NOT_DISTINCT_FROM: 'IS NOT DISTINCT FROM',
}
function readComparison(node: Ast, names: Names): Expr {
  const sign = comparisons[text(node['type'])]
  if (!sign) throw notAllowed('This comparison is not allowed.')
  const { parts } = alike([scalar(object(node['left']), names), scalar(object(node['right']), names)])
  return condition(`(${operand(parts[0]!)} ${sign} ${operand(parts[1]!)})`, parts)
}

function readBetween(node: Ast, names: Names): Expr {
  const { parts } = alike(['input', 'lower', 'upper'].map((place) => scalar(object(node[place]), names)))
  const [input, lower, upper] = parts.map(operand)
  const between = node['type'] === 'COMPARE_NOT_BETWEEN' ? 'NOT BETWEEN' : 'BETWEEN'
  return condition(`(${input} ${between} ${lower} AND ${upper})`, parts)
}

/** Most values of an IN list. */
const mostListed = 1000

function readOperator(node: Ast, names: Names): Expr {
  const type = text(node['type'])
  const args = childrenOf(node, names)
  const first = args[0]!
  switch (type) {
    case 'OPERATOR_NOT':
      return condition(`(NOT ${truth(first).sql})`, args)
    case 'OPERATOR_IS_NULL':
      return condition(`(${first.sql} IS NULL)`, args)
    case 'OPERATOR_IS_NOT_NULL':
      return condition(`(${first.sql} IS NOT NULL)`, args)
    case 'OPERATOR_COALESCE':
      return coalesce(args)
    case 'COMPARE_IN':
      return isIn('IN', args)
    case 'COMPARE_NOT_IN':
      return isIn('NOT IN', args)
    case 'OPERATOR_TRY':
      return first
    default:
      throw notAllowed('This operator is not allowed.', type.replace(/^OPERATOR_/, '').toLowerCase())
  }
}
function isIn(sign: 'IN' | 'NOT IN', args: readonly Expr[]): Expr {
  if (args.length > mostListed + 1) throw notAllowed(`A list has at most ${mostListed} values.`)
  const [value, ...listed] = alike(args).parts.map(operand)
  return condition(`(${value} ${sign} (${listed.join(', ')}))`, args)
}
function coalesce(args: readonly Expr[]): Expr {
  const { parts, type } = alike(args)
  const [low, high] = type === 'number' ? hull(parts) : [undefined, undefined]
  const expr = {
    sql: `coalesce(${parts.map(operand).join(', ')})`,
    type,
    integer: parts.every((part) => part.integer),
    smooth: false,
    single: all(args, 'single'),
  }
  return ranged(expr, low, high)
}

function readCall(node: Ast, names: Names): Expr {
  const name = text(node['function_name']).toLowerCase()
  if ((text(node['schema']) !== '' && text(node['schema']) !== 'main') || text(node['catalog']) !== '')
    throw notAllowed('Functions have no schema here.', name)
  const build = scalarFunctions.get(name)
  if (!build) throw notAllowed(`The function ${name.slice(0, 60)} is not allowed${aggregateHint(name)}.`, name)
  if (
    node['distinct'] === true ||
    !isAbsent(node['filter']) ||
    list(object(node['order_bys'] ?? {})['orders']).length > 0
  )
    throw notAllowed(`${name} is no aggregate.`, name)
  return build(childrenOf(node, names), name)
}

const wellKnownAggregates = new Set([
  'count',
  'count_star',
  'sum',
  'avg',
  'mean',
  'median',
  'stddev',
  'variance',
  'quantile_cont',
  'corr',
])
const aggregateHint = (name: string): string =>
  wellKnownAggregates.has(name)
    ? ' here: aggregates belong into the list of columns of the outer query, or into an inner query grouped by the subject'
    : ''
