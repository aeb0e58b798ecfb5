/** What stands in FROM: the dataset's tables, joins of them on the subject, and inner queries that keep the subject. */
import { type Ast, isAbsent, object, plainSelect, text, texts } from './ast.ts'
import { quoted } from './expr.ts'
import { innerQuery, isDistinct } from './inner-query.ts'
import { joined, joinKindOf } from './join.ts'
import type { Reach } from './reach.ts'
import { notAllowed, Refused } from './refused.ts'
import type { Relation } from './relation.ts'

/** FROM. Throws `Refused` for everything that is not a table, an inner query or a join on the subject. */
export function relation(node: Ast, reach: Reach): Relation {
  if (!isAbsent(node['sample'])) throw notAllowed('Sampling is not allowed: the same query must give the same answer.')
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

function inner(node: Ast, outer: Reach, alias: string): Relation {
  plainSelect(node)
  const reach = outer.within(node)
  const distinct = isDistinct(node)
  const from = relation(object(node['from_table']), reach)
  return innerQuery({ node, from, reach, alias, distinct })
}

function join(node: Ast, reach: Reach): Relation {
  const kind = joinKindOf(node)
  const left = relation(object(node['left']), reach)
  const right = relation(object(node['right']), reach)
  return joined(node, kind, left, right, reach)
}

/** A table of the dataset, or the WITH query of that name. */
function baseTable(node: Ast, reach: Reach): Relation {
  const name = text(node['table_name'])
  if (text(node['schema_name']) !== '' || text(node['catalog_name']) !== '' || !isAbsent(node['at_clause']))
    throw notAllowed('Only the dataset’s own tables can be read, by their plain names.', name)
  const alias = text(node['alias']) || name
  const query = reach.named(name)
  if (query) return inner(query.node, query.reach, alias)
  const table = reach.tables.get(name.toLowerCase())
  if (!table) {
    const there = [...reach.tables.keys()].slice(0, 20).join(', ')
    throw new Refused('unknown-column', `There is no table ${name.slice(0, 80)}. Tables: ${there}.`, [name])
  }
  const own = reach.name()
  const subject = `${own}.__subject`
  const columns = table.columns.map((column) => ({
    name: column.name,
    expr: {
      ...column.expr,
      sql: column.expr.subject ? subject : `${own}.${quoted(column.name)}`,
      single: table.unique,
    },
  }))
  return {
    sql: `${quoted(table.name)} AS ${own}`,
    sources: [{ alias: alias.toLowerCase(), columns }],
    merged: new Set(),
    subject,
    unique: table.unique,
    rows: table.unique ? [] : [{ table: table.name, sql: `${own}.__row` }],
    uniform: true,
    tables: new Set([table.name]),
  }
}
