/** The declared schema as SQL sees it. */
import type { Column, DatasetSchema } from '../datasets/schema.ts'
import { type Expr, ranged, type ValueType } from './expr.ts'
import type { SqlTable } from './relations.ts'

const typeOf: Record<Column['type'], ValueType> = {
  integer: 'number',
  number: 'number',
  category: 'text',
  text: 'text',
  boolean: 'boolean',
  date: 'date',
  datetime: 'datetime',
}

/** A declared bound as a number: milliseconds for dates. */
const bound = (v: number | string | undefined): number | undefined => {
  if (v === undefined) return undefined
  if (typeof v === 'number') return v
  const at = Date.parse(
    /^\d{4}-\d\d-\d\d$/.test(v)
      ? `${v}T00:00:00Z`
      : /(Z|[+-]\d\d:\d\d)$/.test(v)
        ? v.replace(' ', 'T')
        : `${v.replace(' ', 'T')}Z`,
  )
  return Number.isNaN(at) ? undefined : at
}

function columnExpr(c: Column): Omit<Expr, 'sql' | 'single'> {
  if (c.role === 'subject') return { type: 'number', integer: true, smooth: false, subject: true }
  const type = typeOf[c.type]
  const base = {
    type,
    integer: c.type === 'integer',
    smooth: true,
    pure: true as const,
    ...(c.nullable === false ? { known: true } : {}),
    ...(c.role === 'visit' ? { visit: true as const, uniform: true } : {}),
  }
  if (c.type === 'category') return { ...base, ...(c.categories ? { values: c.categories } : {}) }
  if (c.type === 'boolean') return { ...base, values: [false, true] }
  if (type === 'number') {
    const {
      sql: _sql,
      single: _single,
      ...e
    } = ranged({ ...base, sql: '', single: false }, bound(c.minimum), bound(c.maximum))
    return e
  }
  const [low, high] = [bound(c.minimum), bound(c.maximum)]
  return { ...base, ...(low !== undefined && high !== undefined ? { low, high } : {}) }
}

/** Tables by their names in SQL. Identifier columns are not columns. */
export const sqlTables = (schema: DatasetSchema): Map<string, SqlTable> =>
  new Map(
    schema.tables.map((t) => [
      t.name,
      {
        name: t.name,
        unique: t.oneRowPerSubject,
        identifiers: t.columns.filter((c) => c.role === 'identifier').map((c) => c.name),
        columns: t.columns.filter((c) => c.role !== 'identifier').map((c) => ({ name: c.name, expr: columnExpr(c) })),
      },
    ]),
  )
