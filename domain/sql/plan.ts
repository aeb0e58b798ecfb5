/** From a checked SELECT to a plan: which groups, which measures, and how the answer's columns are made of them. */
import type { DatasetSchema } from '../datasets/schema.ts'
import { hasAggregate, isAggregate, type Measure, measureOf } from './aggregates.ts'
import { type Ast, checkText, isAbsent, keyOf, list, object, plainSelect, text, theSelect } from './ast.ts'
import type { Expr } from './expr.ts'
import type { Formula } from './formula.ts'
import { relation } from './from-clause.ts'
import { namesOf, Reach } from './reach.ts'
import { formulaOf } from './read-formula.ts'
import { notAllowed, Refused } from './refused.ts'
import type { Relation } from './relation.ts'
import { type Names, scalar } from './scalar.ts'
import { byAlias, byPosition } from './select-items.ts'
import { sqlTables } from './tables.ts'
import { titleOf } from './titles.ts'
import { whereOf } from './where.ts'

/** A column of the answer: a grouping key, a measure (both by index), or a formula over measures. */
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

const rowsOfPeople = (): Refused =>
  new Refused(
    'not-an-aggregate',
    'This would return rows of people. Ask for aggregates: counts, sums, means, medians, by groups.',
  )

/**
 * Checks a statement against the declared schema and plans it; no data is needed. `parsed` is the JSON of DuckDB's
 * `json_serialize_sql` of `sql`. Throws `Refused`, which says what is wrong with the statement and what to do instead.
 */
export function planOf(parsed: unknown, sql: string, schema: DatasetSchema): Plan {
  checkText(sql)
  const node = plainSelect(theSelect(parsed, sql))
  const reach = new Reach(sqlTables(schema)).within(node)
  const from = relation(object(node['from_table']), reach)
  const names = namesOf(from, reach)
  const where = whereOf(node, names)
  const items = list(node['select_list'])
  if (!isAbsent(node['having']))
    throw notAllowed(
      'HAVING is not allowed: whether a group appears would tell about it. Leave it out; small groups are taken out for you.',
    )
  if (items.some((item) => item['class'] === 'STAR')) throw rowsOfPeople()
  const { keys, sets } = grouping(node, items, names)
  const measures = new Measures(from.subject)
  const outputs = items.map((item) => outputOf(item, items, keys, names, measures))
  if (measures.all.length === 0)
    throw new Refused('not-an-aggregate', 'The query has no aggregate. Add one: count(*), avg(x), ...')
  return {
    from,
    where: where.sql,
    uniform: where.uniform && from.uniform,
    keys,
    sets,
    measures: measures.all,
    outputs: withDistinctNames(outputs),
    ...modifiers(node, items, outputs.length),
  }
}

/** The measures of a statement, each once. */
class Measures {
  readonly all: Measure[] = []
  readonly #indices = new Map<string, number>()
  readonly #subject: string
  constructor(subject: string) {
    this.#subject = subject
  }

  /** The index of a measure; throws `Refused` when there are too many. */
  add(measure: Measure): number {
    const own = this.#ofOwnSubject(measure)
    const key = JSON.stringify([own.aggregate, own.argument?.sql, own.second?.sql, own.filter, own.quantile])
    const known = this.#indices.get(key)
    if (known !== undefined) return known
    if (this.all.length >= maxMeasures) throw notAllowed(`At most ${maxMeasures} aggregates in one query.`)
    this.#indices.set(key, this.all.length)
    return this.all.push(own) - 1
  }

  /** Subjects are counted by the relation's own number: one of a joined table counts where it is there. */
  #ofOwnSubject(measure: Measure): Measure {
    const { argument, ...rest } = measure
    if (measure.aggregate !== 'count-subjects' || !argument) return measure
    if (argument.sql === this.#subject) return rest
    const isThere = `${argument.sql} IS NOT NULL`
    return { ...rest, filter: measure.filter === undefined ? `(${isThere})` : `(${measure.filter} AND ${isThere})` }
  }
}

function outputOf(item: Ast, items: readonly Ast[], keys: readonly Expr[], names: Names, measures: Measures): Output {
  const name = text(item['alias']) || titleOf(item).slice(0, 80)
  if (isAggregate(item)) return { name, measure: measures.add(measureOf(item, names)) }
  if (hasAggregate(item)) return { name, formula: formulaOf(item, names, (measure) => measures.add(measure)) }
  if (item['type'] === 'GROUPING_FUNCTION') throw notAllowed('GROUPING is not needed: totals are marked in the answer.')
  const expr = scalar(item, names)
  const key = keys.findIndex((candidate) => candidate.sql === expr.sql)
  if (key >= 0) return { name, key }
  if (keys.length === 0 && !items.some(hasAggregate)) throw rowsOfPeople()
  throw new Refused('not-an-aggregate', `${name.slice(0, 60)} is neither an aggregate nor in GROUP BY.`, [name])
}

/** A name that comes again, whatever its case, gets its place. */
function withDistinctNames(outputs: readonly Output[]): Output[] {
  const lower = outputs.map((output) => output.name.toLowerCase())
  return outputs.map((output, i) =>
    lower.indexOf(lower[i]!) === i ? output : { ...output, name: `${output.name}_${i + 1}` },
  )
}

/** GROUP BY ALL: by everything that is no aggregate. */
const groupsByAll = (node: Ast): boolean => text(node['aggregate_handling']) === 'FORCE_AGGREGATES'

function grouping(node: Ast, items: readonly Ast[], names: Names): { keys: Expr[]; sets: number[][] } {
  const groups = groupsByAll(node) ? items.filter((item) => !hasAggregate(item)) : list(node['group_expressions'])
  const keys = groups.map((group) => keyExpr(byPosition(group, items), items, names))
  if (keys.length > maxKeys) throw notAllowed(`At most ${maxKeys} columns in GROUP BY.`)
  const sets = distinctSets(groupsByAll(node) ? [[...keys.keys()]] : setsOf(node))
  if (sets.length > maxSets) throw notAllowed(`At most ${maxSets} grouping sets in one query.`)
  return { keys, sets }
}
/** Grouping sets as DuckDB writes them; without GROUP BY the whole is one group. */
const setsOf = (node: Ast): number[][] =>
  Array.isArray(node['group_sets']) && node['group_sets'].length > 0 ? (node['group_sets'] as number[][]) : [[]]
/** Each set once, its keys in order. */
function distinctSets(sets: readonly number[][]): number[][] {
  const sorted = sets.map((set) => [...new Set(set)].sort((first, second) => first - second))
  return [...new Map(sorted.map((set) => [set.join(), set])).values()]
}

/** The expression of a key: of columns, or of an item by its alias where no column is called so. */
function keyExpr(group: Ast, items: readonly Ast[], names: Names): Expr {
  const expr = columnOrAlias(group, items, names)
  if (expr.type === 'interval') throw notAllowed('Group by a column, a category, a bin or a part of a date.')
  return expr
}
function columnOrAlias(group: Ast, items: readonly Ast[], names: Names): Expr {
  try {
    return scalar(group, names)
  } catch (error) {
    const item = items[byAlias(group, items)]
    const isUnknown = error instanceof Refused && error.code === 'unknown-column'
    if (!isUnknown || item === undefined || keyOf(item) === keyOf(group)) throw error
    if (hasAggregate(item)) throw notAllowed('GROUP BY has no aggregates.')
    return scalar(item, names)
  }
}

/** ORDER BY and LIMIT, over the `columns` of the answer. */
function modifiers(node: Ast, items: readonly Ast[], columns: number): Pick<Plan, 'order' | 'limit'> {
  const order: Plan['order'] = []
  let limit: number | undefined
  for (const modifier of list(node['modifiers']))
    switch (modifier['type']) {
      case 'ORDER_MODIFIER':
        order.push(...list(modifier['orders']).flatMap((entry) => orderOf(entry, items, columns)))
        break
      case 'LIMIT_MODIFIER':
        limit = limitOf(modifier)
        break
      default:
        throw notAllowed('DISTINCT is not needed: each group appears once.')
    }
  return { order, limit }
}
function orderOf(entry: Ast, items: readonly Ast[], columns: number): Plan['order'] {
  const node = object(entry['expression'])
  const descending = text(entry['type']) === 'DESCENDING'
  if (node['class'] === 'STAR') return Array.from({ length: columns }, (_, output) => ({ output, descending }))
  const output = node['class'] === 'CONSTANT' ? Number(object(node['value'])['value']) - 1 : byAlias(node, items)
  if (!Number.isInteger(output) || output < 0 || output >= columns)
    throw notAllowed('ORDER BY takes columns of the answer.')
  return [{ output, descending }]
}
function limitOf(modifier: Ast): number {
  const node = object(modifier['limit'] ?? {})
  if (!isAbsent(modifier['offset']) || node['class'] !== 'CONSTANT')
    throw notAllowed('LIMIT takes a number, and there is no OFFSET.')
  const limit = Number(object(node['value'])['value'])
  if (!Number.isInteger(limit) || limit < 0) throw notAllowed('LIMIT takes a whole number.')
  return limit
}
