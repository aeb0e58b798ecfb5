/** What stands in FROM once it is understood: columns by name, and how its rows are told apart. */
import type { Expr } from './expr.ts'

/** A column that can be named. */
export interface NamedColumn {
  name: string
  expr: Expr
}
/** SQL of what tells rows apart, and the table whose rows they are (none when an inner query made them). */
export interface RowId {
  table?: string
  sql: string
}
/** One named source of columns. */
export interface Source {
  alias: string
  columns: NamedColumn[]
}
export interface Relation {
  sql: string
  sources: Source[]
  /** Columns that USING has made one. */
  merged: Set<string>
  /** SQL of the subject's number. */
  subject: string
  /** At most one row a subject. */
  unique: boolean
  /** What tells a subject's rows apart; empty when there is one row. */
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

/** What tells all rows apart, as one number; undefined when each subject has one. */
export const rowOf = ({ rows }: Pick<Relation, 'rows'>): string | undefined =>
  rows.length > 1 ? `hash(${rows.map((row) => row.sql).join(', ')})` : rows[0]?.sql
