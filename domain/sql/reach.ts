/** Names in reach of a statement: tables, WITH queries, and the columns of what stands in FROM. */
import { type Ast, list, object, text, texts } from './ast.ts'
import type { Expr } from './expr.ts'
import { notAllowed, Refused } from './refused.ts'
import type { Relation, SqlTable } from './relation.ts'
import type { Names } from './scalar.ts'

/** A WITH query, and what it sees itself. */
export interface WithQuery {
  node: Ast
  reach: Reach
}

/** WITH queries that use each other twice would double each time. */
const mostSources = 24

/** Tables, and the WITH queries so far. */
export class Reach {
  readonly tables: ReadonlyMap<string, SqlTable>
  readonly #with: ReadonlyMap<string, WithQuery>
  readonly #count: { sources: number }
  constructor(
    tables: ReadonlyMap<string, SqlTable>,
    named: ReadonlyMap<string, WithQuery> = new Map(),
    count = { sources: 0 },
  ) {
    this.tables = tables
    this.#with = named
    this.#count = count
  }

  /** A fresh name for a source; throws `Refused` when there are too many. */
  name(): string {
    this.#count.sources++
    if (this.#count.sources > mostSources)
      throw notAllowed(`The query uses more than ${mostSources} tables and inner queries.`)
    return `r${this.#count.sources}`
  }
  /** The WITH query of that name, when there is one. */
  named(name: string): WithQuery | undefined {
    return this.#with.get(name.toLowerCase())
  }

  /**
   * With the WITH clause of a SELECT, each of whose queries sees those before it; throws `Refused` for one that names
   * its columns beside the query.
   */
  within(node: Ast): Reach {
    return list(object(node['cte_map'] ?? {})['map']).reduce((reach: Reach, entry) => reach.#and(entry), this)
  }

  #and(entry: Ast): Reach {
    const query = object(entry['value'])
    if (texts(query['aliases']).length > 0 || list(query['key_targets']).length > 0)
      throw notAllowed('Name the columns inside the WITH query: AS name.')
    const name = text(entry['key']).toLowerCase()
    const named = new Map(this.#with).set(name, { node: object(object(query['query'])['node']), reach: this })
    return new Reach(this.tables, named, this.#count)
  }
}

const unknown = (message: string, name: string): Refused => new Refused('unknown-column', message, [name])

/**
 * Finds columns of a relation by name, without case, as `column` or `table.column`. It throws `Refused` for columns
 * that are not there, that identify people, or that more than one table has.
 */
export const namesOf = (from: Relation, reach: Reach, special?: (node: Ast) => Expr | undefined): Names => ({
  special,
  column(names) {
    if (names.length > 2) throw unknown('Name a column as table.column.', names.join('.'))
    const alias = names.length === 2 ? names[0]!.toLowerCase() : undefined
    const name = names.at(-1) ?? ''
    const folded = name.toLowerCase()
    const found = from.sources
      .filter((source) => alias === undefined || source.alias === alias)
      .flatMap((source) => source.columns.filter((column) => column.name.toLowerCase() === folded))
    if (found.length === 0) {
      if (identifiersOf(from, reach).has(folded))
        throw notAllowed('This column identifies people: it is not handed to anybody’s query.', name)
      throw unknown(`There is no column ${names.join('.').slice(0, 80)} here.`, names.join('.'))
    }
    if (found.length > 1 && !from.merged.has(folded) && !found.every(({ expr }) => expr.subject))
      throw unknown(`More than one table has a column ${name.slice(0, 80)}: write table.column.`, name)
    return found[0]!.expr
  },
})

/** Names of the columns that identify people, in lower case. */
const identifiersOf = (from: Relation, reach: Reach): Set<string> =>
  new Set(
    [...from.tables].flatMap((table) => reach.tables.get(table)?.identifiers ?? []).map((name) => name.toLowerCase()),
  )
