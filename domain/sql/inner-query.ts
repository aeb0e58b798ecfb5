/** An inner query: rows as they are, or one row per subject (and more keys). It always keeps the subject. */
import { hasAggregate, isAggregate } from './aggregates.ts'
import { type Ast, isAbsent, list, object, text, texts } from './ast.ts'
import type { Expr } from './expr.ts'
import { perSubjectOf } from './per-subject.ts'
import { namesOf, type Reach } from './reach.ts'
import { notAllowed, Refused } from './refused.ts'
import type { NamedColumn, Relation, RowId } from './relation.ts'
import { type Names, raw, scalar } from './scalar.ts'
import { byPosition } from './select-items.ts'
import { whereOf } from './where.ts'

/** Whether it is a SELECT DISTINCT; throws `Refused` for LIMIT, OFFSET and DISTINCT ON. Its order does not matter. */
export function isDistinct(node: Ast): boolean {
  const modifiers = list(node['modifiers']).filter((modifier) => modifier['type'] !== 'ORDER_MODIFIER')
  for (const modifier of modifiers)
    if (modifier['type'] !== 'DISTINCT_MODIFIER' || list(modifier['distinct_on_targets']).length > 0)
      throw notAllowed('LIMIT, OFFSET and DISTINCT ON are not allowed in an inner query: they pick single people.')
  return modifiers.length > 0
}

/** An inner query as it is being read. */
export interface InnerQuery {
  node: Ast
  /** What stands in its own FROM. */
  from: Relation
  /** What it sees. */
  reach: Reach
  /** What the outer query calls it. */
  alias: string
  distinct: boolean
}

/** The rows of an inner query; throws `Refused` for what cannot be followed back to subjects. */
export function innerQuery(query: InnerQuery): Relation {
  const { node, from, reach } = query
  const name = reach.name()
  const items = list(node['select_list'])
  const isGrouped = list(node['group_expressions']).length > 0 || items.some(hasAggregate)
  if (text(node['aggregate_handling']) === 'FORCE_AGGREGATES')
    throw notAllowed('Write out the columns of GROUP BY in an inner query.')
  const names = namesOf(from, reach)
  const where = whereOf(node, names)
  const reading: Reading = {
    ...query,
    items,
    names,
    where: where.sql,
    uniform: from.uniform && where.uniform,
    list: new SelectList(name, from.subject),
  }
  return isGrouped ? grouped(reading) : asItIs(reading)
}

interface Reading extends InnerQuery {
  items: Ast[]
  names: Names
  where: string
  /** Its rows are the same ones of everybody. */
  uniform: boolean
  list: SelectList
}

/** What the inner query selects, and what that is called outside. */
class SelectList {
  /** The name of the inner query itself. */
  readonly name: string
  readonly columns: NamedColumn[] = []
  readonly #selected: string[] = []
  readonly #subject: string
  constructor(name: string, subject: string) {
    this.name = name
    this.#subject = subject
  }

  /** SQL between SELECT and FROM. */
  get sql(): string {
    return [`${this.#subject} AS __subject`, ...this.#selected].join(', ')
  }
  get subject(): string {
    return `${this.name}.__subject`
  }

  has(name: string): boolean {
    return this.columns.some((column) => column.name.toLowerCase() === name.toLowerCase())
  }

  /** Selects a column; the subject, which is always selected, only gets its name. */
  add(name: string, expr: Expr, single: boolean): void {
    if (name === '') throw notAllowed('Give each computed column of an inner query a name: AS name.')
    if (expr.subject) {
      this.columns.push({ name, expr: { ...expr, sql: this.subject } })
      return
    }
    if (expr.type === 'interval') throw notAllowed('An interval cannot be a column.')
    const own = `c${this.#selected.length + 1}`
    const sql = `${this.name}.${own}`
    this.#selected.push(`${expr.sql} AS ${own}`)
    this.columns.push({
      name,
      expr: {
        ...expr,
        sql,
        constant: undefined,
        uses: undefined,
        single: single || expr.single,
        indicator: expr.indicator && { ...expr.indicator, sql: `(${sql} = ${expr.indicator.one})` },
      },
    })
  }

  /** Selects what tells rows apart, under a name of its own. */
  addRow(row: RowId, own: string): RowId {
    this.#selected.push(`${row.sql} AS ${own}`)
    return { ...row, sql: `${this.name}.${own}` }
  }

  /** One number for everything that is selected so far, the subject aside. */
  get hash(): string {
    const parts = this.#selected.map((part) => part.slice(0, part.lastIndexOf(' AS ')))
    return `hash(${['0', ...parts].join(', ')})`
  }
}

/** What a column of the list is called. */
const nameOf = (item: Ast): string => {
  if (text(item['alias']) !== '') return text(item['alias'])
  return item['class'] === 'COLUMN_REF' ? (texts(item['column_names']).at(-1) ?? '') : ''
}

/** Rows as they are. */
function asItIs({ node, from, alias, distinct, items, names, where, uniform, list: selected }: Reading): Relation {
  if (!isAbsent(node['having'])) throw notAllowed('HAVING needs GROUP BY.')
  for (const item of items)
    if (item['class'] === 'STAR') addAll(item, from, selected)
    else selected.add(nameOf(item), raw(item, names), false)
  // DISTINCT is over what is selected: what tells rows apart then is that.
  const told = distinct && from.rows.length > 0 ? [{ sql: selected.hash }] : from.rows
  const rows = told.map((row, i) => selected.addRow(row, `__row${i}`))
  // Which rows are left of those that are alike hangs on all that is selected: such values may be counted, not added
  // up.
  if (distinct && rows.length > 0) for (const { expr } of selected.columns) if (!expr.single) expr.smooth = false
  return {
    sql: `(SELECT ${distinct ? 'DISTINCT ' : ''}${selected.sql} FROM ${from.sql}${where}) AS ${selected.name}`,
    sources: [{ alias: alias.toLowerCase(), columns: selected.columns }],
    merged: new Set(),
    subject: selected.subject,
    unique: from.unique,
    rows,
    uniform,
    tables: from.tables,
  }
}

/** `*` and `table.*`: every column, the first of each name. */
function addAll(star: Ast, from: Relation, selected: SelectList): void {
  for (const extra of ['exclude_list', 'replace_list', 'rename_list', 'expr'])
    if (!isEmpty(star[extra])) throw notAllowed('Use * alone, or name the columns.')
  const only = text(star['relation_name']).toLowerCase()
  const sources = from.sources.filter((source) => only === '' || source.alias === only)
  if (sources.length === 0) throw new Refused('unknown-column', 'There is no such table here.', [only])
  for (const { name, expr } of sources.flatMap((source) => source.columns))
    if (!selected.has(name)) selected.add(name, expr, false)
}
const isEmpty = (value: unknown): boolean => {
  if (isAbsent(value)) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** One row per subject, and per value of the other keys. */
function grouped({ node, from, reach, alias, items, names, where, uniform, list: selected }: Reading): Relation {
  if (Array.isArray(node['group_sets']) && node['group_sets'].length > 1)
    throw notAllowed('ROLLUP, CUBE and GROUPING SETS are for the outer query.')
  const keys = list(node['group_expressions']).map((group) => raw(byPosition(group, items), names))
  if (!keys.some((key) => key.subject))
    throw notAllowed(
      'An inner query with aggregates is grouped by the subject (and more, if you like), so that people are still counted truly.',
    )
  const isPerSubject = keys.every((key) => key.subject || key.single)
  const otherKeys = keys.filter((key) => !key.subject).map((key) => key.sql)
  const perSubject = namesOf(from, reach, (part) => (isAggregate(part) ? perSubjectOf(part, names) : undefined))
  for (const item of items) {
    const expr = hasAggregate(item)
      ? aggregated(item, perSubject, uniform || from.unique)
      : keyOrConstant(item, keys, names)
    selected.add(nameOf(item), expr, isPerSubject)
  }
  const having = isAbsent(node['having']) ? undefined : scalar(object(node['having']), perSubject)
  if (having && having.type !== 'boolean') throw notAllowed('HAVING takes a condition.')
  const rows = isPerSubject ? [] : [selected.addRow({ sql: `hash(${otherKeys.join(', ')})` }, '__row')]
  const after = having ? ` HAVING ${having.sql}` : ''
  const groups = [from.subject, ...otherKeys].join(', ')
  return {
    sql: `(SELECT ${selected.sql} FROM ${from.sql}${where} GROUP BY ${groups}${after}) AS ${selected.name}`,
    sources: [{ alias: alias.toLowerCase(), columns: selected.columns }],
    merged: new Set(),
    subject: selected.subject,
    unique: isPerSubject,
    rows,
    uniform: uniform && !having,
    tables: from.tables,
  }
}

/** Over rows that a condition picks for some and not for others, an aggregate is as good as a CASE. */
function aggregated(item: Ast, perSubject: Names, sameRows: boolean): Expr {
  const expr = scalar(item, perSubject)
  return { ...expr, smooth: expr.smooth && sameRows }
}

/** A column of a grouped query without an aggregate: the subject, another key, or a value of the query's own text. */
function keyOrConstant(item: Ast, keys: readonly Expr[], names: Names): Expr {
  const expr = raw(item, names)
  if (expr.subject || expr.constant !== undefined || keys.some((key) => key.sql === expr.sql)) return expr
  throw notAllowed('A column of a grouped inner query is an aggregate or stands in its GROUP BY.', nameOf(item))
}
