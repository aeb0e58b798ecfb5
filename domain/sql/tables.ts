/** The declared schema as SQL sees it. */
import type { Column, DatasetSchema, Table } from '../datasets/schema.ts'
import { type Expr, ranged, type ValueType } from './expr.ts'
import type { SqlTable } from './relation.ts'

const typeOf: Record<Column['type'], ValueType> = {
  integer: 'number',
  number: 'number',
  category: 'text',
  text: 'text',
  boolean: 'boolean',
  date: 'date',
  datetime: 'datetime',
}

/** A declared bound as a number: milliseconds for dates, in UTC where it does not say otherwise. */
const boundOf = (value: number | string | undefined): number | undefined => {
  if (typeof value !== 'string') return value
  const at = Date.parse(withZone(value))
  return Number.isNaN(at) ? undefined : at
}
const withZone = (text: string): string => {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `${text}T00:00:00Z`
  const joined = text.replace(' ', 'T')
  return /(Z|[+-]\d\d:\d\d)$/.test(text) ? joined : `${joined}Z`
}

/** What is known of a column's values without looking at them. */
function columnExpr(column: Column): Omit<Expr, 'sql' | 'single'> {
  if (column.role === 'subject') return { type: 'number', integer: true, smooth: false, subject: true }
  const isVisit = column.role === 'visit'
  const base: Omit<Expr, 'sql' | 'single'> = {
    type: typeOf[column.type],
    integer: column.type === 'integer',
    smooth: true,
    pure: true,
    known: column.nullable === false ? true : undefined,
    visit: isVisit ? true : undefined,
    uniform: isVisit ? true : undefined,
  }
  if (column.type === 'category') return { ...base, values: column.categories }
  if (column.type === 'boolean') return { ...base, values: [false, true] }
  const low = boundOf(column.minimum)
  const high = boundOf(column.maximum)
  if (base.type === 'number') return withRange(base, low, high)
  return low === undefined || high === undefined ? base : { ...base, low, high }
}
function withRange(
  base: Omit<Expr, 'sql' | 'single'>,
  low: number | undefined,
  high: number | undefined,
): Omit<Expr, 'sql' | 'single'> {
  const { sql: _sql, single: _single, ...expr } = ranged({ ...base, sql: '', single: false }, low, high)
  return expr
}

/** Tables by their names in SQL. Identifier columns are not columns. */
export const sqlTables = (schema: DatasetSchema): Map<string, SqlTable> =>
  new Map(schema.tables.map((table) => [table.name, sqlTable(table)]))
const sqlTable = (table: Table): SqlTable => ({
  name: table.name,
  unique: table.oneRowPerSubject,
  identifiers: table.columns.filter((column) => column.role === 'identifier').map((column) => column.name),
  columns: table.columns
    .filter((column) => column.role !== 'identifier')
    .map((column) => ({ name: column.name, expr: columnExpr(column) })),
})
