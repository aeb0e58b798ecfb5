/** CASE: of the values of the query's own text it is a category, with two numbers an indicator. */
import { alike, operand } from './conditions.ts'
import { all, type Expr, hull, literal, ranged, type Value } from './expr.ts'

export interface Branch {
  when: Expr
  value: Expr
}

/** CASE of the query's branches and its ELSE, brought to one type; throws `Refused` when they have none in common. */
export function cases(branches: readonly Branch[], otherwise: Expr): Expr {
  const { parts, type } = alike([...branches.map((branch) => branch.value), otherwise])
  const whens = branches.map((branch, i) => `WHEN ${branch.when.sql} THEN ${operand(parts[i]!)}`)
  const base: Expr = {
    sql: `CASE ${whens.join(' ')} ELSE ${operand(parts.at(-1)!)} END`,
    type,
    integer: parts.every((part) => part.integer || part.type === 'null'),
    smooth: false,
    single: all([...branches.map((branch) => branch.when), ...parts], 'single'),
    known: all(parts, 'known'),
  }
  const constants = [...new Set(parts.map((part) => part.constant))]
  const [low, high] = type === 'number' ? hull(parts) : [undefined, undefined]
  if (constants.includes(undefined)) return ranged(base, low, high)
  const values = constants.filter((value): value is Value => value !== null && value !== undefined)
  return { ...base, values, low, high, indicator: indicatorOf(base, values, branches, parts) }
}

/** When it can have only two numbers: where it has the larger one. */
function indicatorOf(
  base: Expr,
  values: readonly Value[],
  branches: readonly Branch[],
  parts: readonly Expr[],
): Expr['indicator'] {
  if (base.type !== 'number' || values.length === 0 || values.length > 2) return undefined
  const numbers = values.map(Number)
  const zero = numbers.length === 1 ? 0 : Math.min(...numbers)
  const one = Math.max(...numbers)
  if (one <= zero) return undefined
  const isFirst = branches.length === 1 && parts[0]!.constant === one
  return { sql: isFirst ? branches[0]!.when.sql : `(${base.sql}) = ${literal(one)}`, zero, one }
}
