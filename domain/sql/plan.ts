/** From a checked SELECT to a plan: which groups, which measures, and how the answer's columns are made of them. */
import type { DatasetSchema } from '../datasets/schema.ts'
import { formulaOf, hasAggregate, isAggregate, type Measure, measureOf } from './aggregates.ts'
import type { Formula } from './formula.ts'
import { type Ast, checkText, keyOf, list, object, plainSelect, text, texts, theSelect } from './ast.ts'
import type { Expr } from './expr.ts'
import { notAllowed, Refused } from './refused.ts'
import { byAlias, byPosition, namesOf, Reach, type Relation, relation, whereOf } from './relations.ts'
import { scalar } from './scalar.ts'
import { sqlTables } from './tables.ts'

export type Output = { name: string } & ({ key: number } | { measure: number } | { formula: Formula })
export interface Plan {
  from: Relation
  where: string
  /** Every row is in it, or the same ones of everybody: no condition that values of people decide. */
  uniform: boolean
  keys: Expr[]
  /** Grouping sets, as indices of keys; one for a plain GROUP BY. */
  sets: number[][]
  measures: Measure[]
  outputs: Output[]
  order: { output: number; descending: boolean }[]
  limit?: number
}

const maxKeys = 6
const maxSets = 32
const maxMeasures = 60

/** What a column without a name is called. */
function titleOf(node: Ast): string {
  if (node['class'] === 'COLUMN_REF') return texts(node['column_names']).at(-1) ?? 'column'
  if (node['class'] === 'FUNCTION') {
    const name = text(node['function_name'])
    const args = list(node['children'])
    if (name === 'count_star') return 'count'
    if (args.length === 2 && !/^[a-z]/i.test(name)) return `${titleOf(args[0]!)} ${name} ${titleOf(args[1]!)}`
    return `${name}(${args.map(titleOf).join(', ')})`
  }
  if (node['class'] === 'CONSTANT') {
    try {
      return String(
        scalar(node, {
          column: () => {
            throw notAllowed('')
          },
        }).constant,
      )
    } catch {
      return 'value'
    }
  }
  return node['class'] === 'CAST' ? titleOf(object(node['child'])) : 'value'
}

/**
 * Checks a statement (the JSON of `json_serialize_sql`) against the declared schema. `Refused` says what is wrong with
 * it; no data is needed.
 */
export function planOf(parsed: unknown, sql: string, schema: DatasetSchema): Plan {
  checkText(sql)
  const node = plainSelect(theSelect(parsed, sql))
  const reach = new Reach(sqlTables(schema)).within(node)
  const from = relation(object(node['from_table']), reach)
  const names = namesOf(from, reach)
  const { sql: where, uniform } = whereOf(node, names)
  const items = list(node['select_list'])
  if (!empty(node['having']))
    throw notAllowed(
      'HAVING is not allowed: whether a group appears would tell about it. Leave it out; small groups are taken out for you.',
    )
  if (items.some((i) => i['class'] === 'STAR'))
    throw new Refused(
      'not-an-aggregate',
      'This would return rows of people. Ask for aggregates: counts, sums, means, medians, by groups.',
    )
  const { keys, sets } = grouping(node, items, from, reach)

  const measures: Measure[] = []
  const at = new Map<string, number>()
  const add = (m: Measure): number => {
    if (m.aggregate === 'count-subjects' && m.argument) {
      const { argument, ...rest } = m
      m =
        argument.sql === from.subject
          ? rest
          : {
              ...rest,
              filter:
                m.filter === undefined
                  ? `(${argument.sql} IS NOT NULL)`
                  : `(${m.filter} AND ${argument.sql} IS NOT NULL)`,
            }
    }
    const key = JSON.stringify([m.aggregate, m.argument?.sql, m.second?.sql, m.filter, m.quantile])
    const known = at.get(key)
    if (known !== undefined) return known
    if (measures.length >= maxMeasures) throw notAllowed(`At most ${maxMeasures} aggregates in one query.`)
    at.set(key, measures.length)
    return measures.push(m) - 1
  }
  const outputs = items.map((item): Output => {
    const name = text(item['alias']) || titleOf(item).slice(0, 80)
    if (isAggregate(item)) return { name, measure: add(measureOf(item, names)) }
    if (hasAggregate(item)) return { name, formula: formulaOf(item, names, add) }
    if (item['type'] === 'GROUPING_FUNCTION')
      throw notAllowed('GROUPING is not needed: totals are marked in the answer.')
    const e = scalar(item, names)
    const key = keys.findIndex((k) => k.sql === e.sql)
    if (key < 0) {
      if (keys.length === 0 && !items.some(hasAggregate))
        throw new Refused(
          'not-an-aggregate',
          'This would return rows of people. Ask for aggregates: counts, sums, means, medians, by groups.',
        )
      throw new Refused('not-an-aggregate', `${name.slice(0, 60)} is neither an aggregate nor in GROUP BY.`, [name])
    }
    return { name, key }
  })
  if (measures.length === 0)
    throw new Refused('not-an-aggregate', 'The query has no aggregate. Add one: count(*), avg(x), ...')
  const lower = outputs.map((o) => o.name.toLowerCase())
  for (const [i, o] of outputs.entries()) if (lower.indexOf(lower[i]!) !== i) o.name = `${o.name}_${i + 1}`
  return {
    from,
    where,
    uniform: uniform && from.uniform,
    keys,
    sets,
    measures,
    outputs,
    ...modifiers(node, items, outputs),
  }
}
const empty = (v: unknown): boolean => v === undefined || v === null

function grouping(node: Ast, items: readonly Ast[], from: Relation, reach: Reach): { keys: Expr[]; sets: number[][] } {
  const names = namesOf(from, reach)
  const groups =
    text(node['aggregate_handling']) === 'FORCE_AGGREGATES'
      ? items.filter((i) => !hasAggregate(i))
      : list(node['group_expressions'])
  const keys = groups.map((g) => {
    const placed = byPosition(g, items)
    let e: Expr
    try {
      e = scalar(placed, names)
    } catch (error) {
      const i = byAlias(placed, items)
      if (!(error instanceof Refused) || error.code !== 'unknown-column' || i < 0 || keyOf(items[i]) === keyOf(placed))
        throw error
      if (hasAggregate(items[i])) throw notAllowed('GROUP BY has no aggregates.')
      e = scalar(items[i]!, names)
    }
    if (e.type === 'interval') throw notAllowed('Group by a column, a category, a bin or a part of a date.')
    return e
  })
  if (keys.length > maxKeys) throw notAllowed(`At most ${maxKeys} columns in GROUP BY.`)
  const given =
    text(node['aggregate_handling']) === 'FORCE_AGGREGATES'
      ? [keys.map((_, i) => i)]
      : Array.isArray(node['group_sets']) && node['group_sets'].length > 0
        ? (node['group_sets'] as number[][])
        : [[]]
  const sets = [...new Map(given.map((s) => [...new Set(s)].sort((a, b) => a - b)).map((s) => [s.join(), s])).values()]
  if (sets.length > maxSets) throw notAllowed(`At most ${maxSets} grouping sets in one query.`)
  return { keys, sets }
}

function modifiers(node: Ast, items: readonly Ast[], outputs: readonly Output[]): Pick<Plan, 'order' | 'limit'> {
  const order: Plan['order'] = []
  let limit: number | undefined
  for (const m of list(node['modifiers'])) {
    if (m['type'] === 'ORDER_MODIFIER') {
      for (const o of list(m['orders'])) {
        const e = object(o['expression'])
        const position =
          e['class'] === 'CONSTANT'
            ? Number(object(e['value'])['value']) - 1
            : e['class'] === 'STAR'
              ? -2
              : byAlias(e, items)
        const descending = text(o['type']) === 'DESCENDING'
        if (position === -2) order.push(...outputs.map((_, i) => ({ output: i, descending })))
        else if (outputs[position]) order.push({ output: position, descending })
        else throw notAllowed('ORDER BY takes columns of the answer.')
      }
    } else if (m['type'] === 'LIMIT_MODIFIER') {
      const n = object(m['limit'] ?? {})
      if (!empty(m['offset']) || n['class'] !== 'CONSTANT')
        throw notAllowed('LIMIT takes a number, and there is no OFFSET.')
      limit = Number(object(n['value'])['value'])
      if (!Number.isInteger(limit) || limit < 0) throw notAllowed('LIMIT takes a whole number.')
    } else throw notAllowed('DISTINCT is not needed: each group appears once.')
  }
  return { order, ...(limit === undefined ? {} : { limit }) }
}
