/** WHERE. */
import { hasAggregate } from './aggregates.ts'
import { type Ast, isAbsent, object } from './ast.ts'
import { notAllowed } from './refused.ts'
import { type Names, scalar } from './scalar.ts'

/**
 * WHERE, as SQL after FROM (empty when there is none), and whether it picks the same rows of everybody. Throws
 * `Refused` for what is no condition over rows.
 */
export function whereOf(node: Ast, names: Names): { sql: string; uniform: boolean } {
  const clause = node['where_clause']
  if (isAbsent(clause)) return { sql: '', uniform: true }
  if (hasAggregate(clause))
    throw notAllowed('WHERE has no aggregates. Aggregate per subject in an inner query and filter around it.')
  const condition = scalar(object(clause), names)
  if (condition.type !== 'boolean') throw notAllowed('WHERE takes a condition.')
  return { sql: ` WHERE ${condition.sql}`, uniform: condition.uniform === true }
}
