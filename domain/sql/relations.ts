/** What stands in FROM: the dataset's tables, joins of them on the subject, and inner queries that keep the subject. */
import { type Ast, keyOf, list, object, plainSelect, text, texts } from './ast.ts'
import { hasAggregate, isAggregate, perSubjectOf } from './aggregates.ts'
import { type Expr, quoted } from './expr.ts'
import { notAllowed, Refused } from './refused.ts'
import { type Names, raw, scalar } from './scalar.ts'

export interface RowId {
  table?: string
  sql: string
}
/** One named source of columns. `unique`: at most one row a subject. */
interface Source {
  alias: string
  columns: { name: string; expr: Expr }[]
}
export interface Relation {
  sql: string
  sources: Source[]
  /** Columns that USING has made one. */
  merged: Set<string>
  /** SQL of the subject's number. */
  subject: string
  unique: boolean
  /**
   * SQL of what tells a subject's rows apart, and the table whose rows they are (none when an inner query made them);
   * empty when there is one row.
   */
  rows: RowId[]
  /** Every row of the tables is in it, or the same ones of everybody. */
  uniform: boolean
  /** Tables that are read. */
  tables: Set<string>
}

/** A table of the declared schema: how its columns are called in SQL, identifier columns left out. */
export interface SqlTable {
  name: string
  unique: boolean
  columns: { name: string; expr: Omit<Expr, 'sql' | 'single'> }[]
  identifiers: string[]
}

/** Names in reach: tables, and the WITH queries so far. */
export class Reach {
  readonly tables: ReadonlyMap<string, SqlTable>
  readonly #with: ReadonlyMap<string, { node: Ast; reach: Reach }>
  readonly #count: { sources: number }
  constructor(
    tables: ReadonlyMap<string, SqlTable>,
    named: ReadonlyMap<string, { node: Ast; reach: Reach }> = new Map(),
    count = { sources: 0 },
  ) {
    this.tables = tables
    this.#with = named
    this.#count = count
  }

  /** A fresh name for a source. Few are allowed: WITH queries that use each other twice would double each time. */
  name(): string {
    if (++this.#count.sources > 24) throw notAllowed('The query uses more than 24 tables and inner queries.')
    return `r${this.#count.sources}`
  }
  named(name: string): { node: Ast; reach: Reach } | undefined {
    return this.#with.get(name.toLowerCase())
  }

  /** With the WITH clause of a SELECT. */
  within(node: Ast): Reach {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- each WITH query sees those before it
    let reach: Reach = this
    for (const entry of list(object(node['cte_map'] ?? {})['map'])) {
      const cte = object(entry['value'])
      if (texts(cte['aliases']).length > 0 || list(cte['key_targets']).length > 0)
        throw notAllowed('Name the columns inside the WITH query: AS name.')
      const inner: Reach = reach
      reach = new Reach(
        this.tables,
        new Map([
          ...reach.#with,
          [text(entry['key']).toLowerCase(), { node: object(object(cte['query'])['node']), reach: inner }],
        ]),
        this.#count,
      )
    }
    return reach
  }
}

/** Finds columns of a relation by name. */
export const namesOf = (from: Relation, reach: Reach, special?: (node: Ast) => Expr | undefined): Names => ({
  ...(special ? { special } : {}),
  column(names) {
    const [alias, name] = names.length === 2 ? [names[0]!.toLowerCase(), names[1]!] : [undefined, names[0] ?? '']
    if (names.length > 2) throw new Refused('unknown-column', 'Name a column as table.column.', [names.join('.')])
    const folded = name.toLowerCase()
    const found = from.sources
      .filter((s) => alias === undefined || s.alias === alias)
      .flatMap((s) => s.columns.filter((c) => c.name.toLowerCase() === folded).map((c) => c.expr))
    if (found.length === 0) {
      if ([...from.tables].some((t) => reach.tables.get(t)?.identifiers.some((i) => i.toLowerCase() === folded)))
        throw notAllowed('This column identifies people: it is not handed to anybody’s query.', name)
      throw new Refused('unknown-column', `There is no column ${names.join('.').slice(0, 80)} here.`, [names.join('.')])
    }
    if (found.length > 1 && !from.merged.has(folded) && !found.every((e) => e.subject))
      throw new Refused(
        'unknown-column',
        `More than one table has a column ${name.slice(0, 80)}: write table.column.`,
        [name],
      )
    return found[0]!
  },
})

/** FROM. Everything that is not a table, an inner query or a join on the subject is refused. */
export function relation(node: Ast, reach: Reach): Relation {
  if (node['sample'] !== undefined && node['sample'] !== null)
    throw notAllowed('Sampling is not allowed: the same query must give the same answer.')
  if (texts(node['column_name_alias']).length > 0) throw notAllowed('Name the columns inside the inner query: AS name.')
  switch (text(node['type'])) {
    case 'BASE_TABLE':
      return baseTable(node, reach)
    case 'SUBQUERY':
      return inner(object(object(node['subquery'])['node']), reach, text(node['alias']))
    case 'JOIN':
      return join(node, reach)
    case 'EMPTY':
      throw new Refused('not-an-aggregate', 'Ask one of the dataset’s tables: SELECT ... FROM table.')
    case 'TABLE_FUNCTION':
      throw notAllowed('Table functions are not allowed: only the dataset’s own tables can be read.')
    case 'PIVOT':
      throw notAllowed('PIVOT and UNPIVOT are not allowed. Use GROUP BY.')
    default:
      throw notAllowed('Only the dataset’s tables, joins of them and inner queries can stand in FROM.')
  }
}

function baseTable(node: Ast, reach: Reach): Relation {
  const name = text(node['table_name'])
  if (
    text(node['schema_name']) !== '' ||
    text(node['catalog_name']) !== '' ||
    (node['at_clause'] !== undefined && node['at_clause'] !== null)
  )
    throw notAllowed('Only the dataset’s own tables can be read, by their plain names.', name)
  const cte = reach.named(name)
  if (cte) return inner(cte.node, cte.reach, text(node['alias']) || name)
  const table = reach.tables.get(name.toLowerCase())
  if (!table)
    throw new Refused(
      'unknown-column',
      `There is no table ${name.slice(0, 80)}. Tables: ${[...reach.tables.keys()].slice(0, 20).join(', ')}.`,
      [name],
    )
  const r = reach.name()
  const columns = table.columns.map((c) => ({
    name: c.name,
    expr: { ...c.expr, sql: c.expr.subject ? `${r}.__subject` : `${r}.${quoted(c.name)}`, single: table.unique },
  }))
  return {
    sql: `${quoted(table.name)} AS ${r}`,
    sources: [{ alias: (text(node['alias']) || name).toLowerCase(), columns }],
    merged: new Set(),
    subject: `${r}.__subject`,
    unique: table.unique,
    rows: table.unique ? [] : [{ table: table.name, sql: `${r}.__row` }],
    uniform: true,
    tables: new Set([table.name]),
  }
}

const conjuncts = (node: Ast): Ast[] =>
  node['class'] === 'CONJUNCTION' && node['type'] === 'CONJUNCTION_AND'
    ? list(node['children']).flatMap(conjuncts)
    : [node]

function join(node: Ast, reach: Reach): Relation {
  const kind = text(node['join_type'])
  if (text(node['ref_type']) !== 'REGULAR' || (kind !== 'INNER' && kind !== 'LEFT'))
    throw notAllowed(
      'Join tables by JOIN or LEFT JOIN ... ON their subject columns (or USING).',
      text(node['ref_type']) === 'CROSS' ? 'CROSS JOIN' : kind,
    )
  const left = relation(object(node['left']), reach)
  const right = relation(object(node['right']), reach)
  const twice = right.sources.find((s) => left.sources.some((o) => o.alias === s.alias))
  if (twice) throw notAllowed('Two tables in FROM have the same name: give one another by AS.', twice.alias)
  const both: Relation = {
    sql: '',
    sources: [...left.sources, ...right.sources],
    merged: new Set([...left.merged, ...right.merged]),
    subject: left.subject,
    unique: left.unique && right.unique,
    rows: [...left.rows, ...right.rows],
    uniform: left.uniform && right.uniform,
    tables: new Set([...left.tables, ...right.tables]),
  }
  const conditions: string[] = []
  let subjects = false
  const using = texts(node['using_columns'])
  for (const name of using) {
    const [l, r] = [namesOf(left, reach).column([name]), namesOf(right, reach).column([name])]
    if (l.type !== r.type || l.subject !== r.subject) throw notAllowed('USING joins columns of the same kind.', name)
    if (l.subject) subjects = true
    conditions.push(`${l.sql} = ${r.sql}`)
    both.merged.add(name.toLowerCase())
  }
  const names = namesOf(both, reach)
  if (using.length === 0)
    for (const c of conjuncts(object(node['condition']))) {
      if (c['class'] === 'COMPARISON' && c['type'] === 'COMPARE_EQUAL') {
        const [l, r] = [raw(object(c['left']), names), raw(object(c['right']), names)]
        if (l.subject && r.subject) {
          if (!(owns(left, l) && owns(right, r)) && !(owns(left, r) && owns(right, l)))
            throw notAllowed('Join each table on its own subject column: ON a.subject = b.subject.')
          conditions.push(`${l.sql} = ${r.sql}`)
          subjects = true
          continue
        }
      }
      const e = scalar(c, names)
      if (e.type !== 'boolean') throw notAllowed('ON takes conditions.')
      if (!e.uniform) both.uniform = false
      conditions.push(e.sql)
    }
  // What a LEFT JOIN finds for some people and not for others is as good as a CASE.
  if (kind === 'LEFT') {
    const alike = right.uniform && both.uniform
    both.sources = [
      ...left.sources,
      ...right.sources.map((s) => ({
        ...s,
        columns: s.columns.map((c) => ({ ...c, expr: { ...c.expr, smooth: c.expr.smooth && alike, known: false } })),
      })),
    ]
  }
  if (!subjects)
    throw notAllowed('Join tables on their subject columns: ON a.subject = b.subject. Other joins mix people.')
  return {
    ...both,
    sql: `${left.sql} ${kind} JOIN ${right.sources.length > 1 ? `(${right.sql})` : right.sql} ON ${conditions.join(' AND ')}`,
  }
}
/** What tells all rows apart, as one number; undefined when each subject has one. */
export const rowOf = ({ rows }: Pick<Relation, 'rows'>): string | undefined =>
  rows.length > 1 ? `hash(${rows.map((r) => r.sql).join(', ')})` : rows[0]?.sql
const owns = (side: Relation, subject: Expr): boolean =>
  side.sources.some((s) => s.columns.some((c) => c.expr.subject && c.expr.sql === subject.sql))

/** WHERE, as SQL after it. */
export const whereOf = (node: Ast, names: Names): { sql: string; uniform: boolean } => {
  if (node['where_clause'] === undefined || node['where_clause'] === null) return { sql: '', uniform: true }
  if (hasAggregate(node['where_clause']))
    throw notAllowed('WHERE has no aggregates. Aggregate per subject in an inner query and filter around it.')
  const e = scalar(object(node['where_clause']), names)
  if (e.type !== 'boolean') throw notAllowed('WHERE takes a condition.')
  return { sql: ` WHERE ${e.sql}`, uniform: e.uniform === true }
}

/**
 * An inner query: rows as they are, or one row per subject (and more keys). Its subject is always kept, also when it
 * does not name it.
 */
function inner(node: Ast, outer: Reach, alias: string): Relation {
  plainSelect(node)
  const reach = outer.within(node)
  let distinct = false
  for (const m of list(node['modifiers'])) {
    if (m['type'] === 'ORDER_MODIFIER') continue
    if (m['type'] === 'DISTINCT_MODIFIER' && list(m['distinct_on_targets']).length === 0) {
      distinct = true
      continue
    }
    throw notAllowed('LIMIT, OFFSET and DISTINCT ON are not allowed in an inner query: they pick single people.')
  }
  const from = relation(object(node['from_table']), reach)
  const r = reach.name()
  const items = list(node['select_list'])
  const groups = list(node['group_expressions'])
  const grouped = groups.length > 0 || items.some(hasAggregate)
  if (text(node['aggregate_handling']) === 'FORCE_AGGREGATES')
    throw notAllowed('Write out the columns of GROUP BY in an inner query.')
  const names = namesOf(from, reach)
  const where = whereOf(node, names)
  const uniform = from.uniform && where.uniform
  const columns: { name: string; expr: Expr }[] = []
  const selected: string[] = [`${from.subject} AS __subject`]
  const put = (name: string, e: Expr, single: boolean): void => {
    if (name === '') throw notAllowed('Give each computed column of an inner query a name: AS name.')
    if (e.subject) {
      columns.push({ name, expr: { ...e, sql: `${r}.__subject` } })
      return
    }
    if (e.type === 'interval') throw notAllowed('An interval cannot be a column.')
    const own = `c${selected.length}`
    selected.push(`${e.sql} AS ${own}`)
    const { indicator, constant: _, uses: _uses, ...rest } = e
    columns.push({
      name,
      expr: {
        ...rest,
        sql: `${r}.${own}`,
        single: single || e.single,
        ...(indicator ? { indicator: { ...indicator, sql: `(${r}.${own} = ${indicator.one})` } } : {}),
      },
    })
  }
  const nameOf = (item: Ast): string =>
    text(item['alias']) || (item['class'] === 'COLUMN_REF' ? (texts(item['column_names']).at(-1) ?? '') : '')
  if (!grouped) {
    if (node['having'] !== undefined && node['having'] !== null) throw notAllowed('HAVING needs GROUP BY.')
    for (const item of items) {
      if (item['class'] === 'STAR') {
        for (const extra of ['exclude_list', 'replace_list', 'rename_list', 'expr'])
          if (!empty(item[extra])) throw notAllowed('Use * alone, or name the columns.')
        const only = text(item['relation_name']).toLowerCase()
        const sources = from.sources.filter((s) => only === '' || s.alias === only)
        if (sources.length === 0) throw new Refused('unknown-column', 'There is no such table here.', [only])
        for (const c of sources.flatMap((s) => s.columns))
          if (!columns.some((o) => o.name.toLowerCase() === c.name.toLowerCase())) put(c.name, c.expr, false)
      } else put(nameOf(item), raw(item, names), false)
    }
    // DISTINCT is over what is selected: what tells rows apart then is that.
    const rows = (
      distinct && from.rows.length > 0
        ? [{ sql: `hash(${['0', ...selected.slice(1).map((c) => c.slice(0, c.lastIndexOf(' AS ')))].join(', ')})` }]
        : from.rows
    ).map((row, i): RowId => {
      selected.push(`${row.sql} AS __row${i}`)
      return { ...row, sql: `${r}.__row${i}` }
    })
    // Which rows are left of those that are alike hangs on all that is selected: such values may be counted, not added
    // up.
    if (distinct && rows.length > 0) for (const c of columns) if (!c.expr.single) c.expr.smooth = false
    return {
      sql: `(SELECT ${distinct ? 'DISTINCT ' : ''}${selected.join(', ')} FROM ${from.sql}${where.sql}) AS ${r}`,
      sources: [{ alias: alias.toLowerCase(), columns }],
      merged: new Set(),
      subject: `${r}.__subject`,
      unique: from.unique,
      rows,
      uniform,
      tables: from.tables,
    }
  }
  if ((Array.isArray(node['group_sets']) ? node['group_sets'].length : 0) > 1)
    throw notAllowed('ROLLUP, CUBE and GROUPING SETS are for the outer query.')
  const keys = groups.map((g) => raw(byPosition(g, items), names))
  if (!keys.some((k) => k.subject))
    throw notAllowed(
      'An inner query with aggregates is grouped by the subject (and more, if you like), so that people are still counted truly.',
    )
  const perSubject = keys.every((k) => k.subject || k.single)
  for (const item of items) {
    const plain = hasAggregate(item) ? undefined : raw(item, names)
    if (plain?.subject || (plain && (keys.some((k) => k.sql === plain.sql) || plain.constant !== undefined))) {
      put(nameOf(item), plain, perSubject)
      continue
    }
    if (plain)
      throw notAllowed('A column of a grouped inner query is an aggregate or stands in its GROUP BY.', nameOf(item))
    const e = scalar(
      item,
      namesOf(from, reach, (n) => (isAggregate(n) ? perSubjectOf(n, names) : undefined)),
    )
    // Over rows that a condition picks for some and not for others, an aggregate is as good as a CASE.
    put(nameOf(item), { ...e, smooth: e.smooth && (uniform || from.unique) }, perSubject)
  }
  const groupBy = [from.subject, ...keys.filter((k) => !k.subject).map((k) => k.sql)].join(', ')
  const having =
    node['having'] !== undefined && node['having'] !== null
      ? scalar(
          object(node['having']),
          namesOf(from, reach, (n) => (isAggregate(n) ? perSubjectOf(n, names) : undefined)),
        )
      : undefined
  if (having && having.type !== 'boolean') throw notAllowed('HAVING takes a condition.')
  if (!perSubject)
    selected.push(
      `hash(${keys
        .filter((k) => !k.subject)
        .map((k) => k.sql)
        .join(', ')}) AS __row`,
    )
  return {
    sql: `(SELECT ${selected.join(', ')} FROM ${from.sql}${where.sql} GROUP BY ${groupBy}${having ? ` HAVING ${having.sql}` : ''}) AS ${r}`,
    sources: [{ alias: alias.toLowerCase(), columns }],
    merged: new Set(),
    subject: `${r}.__subject`,
    unique: perSubject,
    rows: perSubject ? [] : [{ sql: `${r}.__row` }],
    uniform: uniform && !having,
    tables: from.tables,
  }
}
const empty = (v: unknown): boolean =>
  v === undefined ||
  v === null ||
  (Array.isArray(v) && v.length === 0) ||
  (typeof v === 'object' && Object.keys(v).length === 0)

/** GROUP BY 2, or GROUP BY the name that the list of columns gives: the expression that is meant. */
export function byPosition(group: Ast, items: readonly Ast[]): Ast {
  if (group['class'] === 'CONSTANT') {
    const at = Number(object(group['value'])['value'])
    const item = items[at - 1]
    if (!item) throw notAllowed('GROUP BY names a position that the list of columns does not have.')
    return item
  }
  return group
}
/** The item that a plain name in GROUP BY or ORDER BY refers to by its alias. */
export const byAlias = (node: Ast, items: readonly Ast[]): number => {
  const names = texts(node['column_names'])
  const alias =
    node['class'] === 'COLUMN_REF' && names.length === 1
      ? items.findIndex((i) => text(i['alias']).toLowerCase() === names[0]!.toLowerCase() && text(i['alias']) !== '')
      : -1
  return alias >= 0 ? alias : items.findIndex((i) => keyOf(i) === keyOf(node))
}
