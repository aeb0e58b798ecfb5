/** The dataset as a query sees it: one view per table, with the cohort's rows alone. */
import { type Column, subjectColumn } from '../../domain/datasets/schema.ts'
import type { Cohort } from '../../domain/datasets/cohort.ts'
import { literal, quoted } from '../../domain/sql/expr.ts'
import type { Duck } from './duckdb.ts'
import type { LocalData } from './request.ts'

const path = (p: string): string => `'${p.replaceAll("'", "''")}'`
const numeric = (c: Column): boolean => c.type === 'integer' || c.type === 'number'

/** A filter's value as the column's type; undefined when it can never be equal. */
function valueOf(column: Column, value: string | number | boolean): string | undefined {
  if (column.role === 'subject') return undefined
  if (numeric(column)) return typeof value === 'number' ? literal(value) : undefined
  if (column.type === 'boolean') return typeof value === 'boolean' ? literal(value) : undefined
  if (typeof value !== 'string') return undefined
  if (column.type === 'date') return `TRY_CAST(${literal(value)} AS DATE)`
  if (column.type === 'datetime') return `TRY_CAST(${literal(value)} AS TIMESTAMP)`
  return literal(value)
}

function condition(filter: Cohort[number], columns: readonly Column[]): string {
  const column = columns.find((x) => x.name === filter.column)
  if (!column || column.role === 'identifier' || column.role === 'subject') return 'FALSE'
  const name = quoted(column.name)
  switch (filter.is) {
    case 'known':
      return `${name} IS NOT NULL`
    case 'missing':
      return `${name} IS NULL`
    case 'equal':
    case 'not-equal': {
      const value = valueOf(column, filter.value)
      return value === undefined ? 'FALSE' : `${name} ${filter.is === 'equal' ? '=' : '<>'} ${value}`
    }
    case 'in':
    case 'not-in': {
      const all = filter.values.map((v) => valueOf(column, v))
      return all.includes(undefined) ? 'FALSE' : `${name} ${filter.is === 'in' ? 'IN' : 'NOT IN'} (${all.join(', ')})`
    }
    case 'between': {
      const [from, to] = [filter.from, filter.to].map((v) => (v === undefined ? null : valueOf(column, v)))
      if (from === undefined || to === undefined) return 'FALSE'
      return (
        [...(from === null ? [] : [`${name} >= ${from}`]), ...(to === null ? [] : [`${name} <= ${to}`])].join(
          ' AND ',
        ) || 'TRUE'
      )
    }
  }
}

/** The cohort's subjects as one SELECT of `__subject`; undefined for everybody. */
export function cohortSql(data: LocalData, cohort: Cohort): string | undefined {
  if (cohort.length === 0) return undefined
  return cohort
    .map((filter) => {
      const table = data.schema.tables.find((x) => x.name === filter.table)
      const stored = data.tables.find((x) => x.name === filter.table)
      if (!table || !stored) return 'SELECT CAST(0 AS INTEGER) AS __subject WHERE FALSE'
      return `SELECT DISTINCT __subject FROM read_parquet(${path(stored.path)}) WHERE ${condition(filter, table.columns)}`
    })
    .join(' INTERSECT ')
}

/** Views named as the tables. `first` limits each to its first rows. */
export async function openCohort(
  duck: Duck,
  data: LocalData,
  cohort: Cohort,
  prefix = '',
  only?: ReadonlySet<string>,
): Promise<void> {
  const picked = cohortSql(data, cohort)
  if (picked !== undefined) await duck.run(`CREATE TEMP TABLE ${quoted(`${prefix}__cohort`)} AS ${picked}`)
  for (const table of data.schema.tables) {
    const stored = data.tables.find((x) => x.name === table.name)
    if (!stored || (only && !only.has(table.name))) continue
    const columns = table.columns
      .filter((c) => c.role !== 'identifier' && c !== subjectColumn(table))
      .map((c) => quoted(c.name))
    const source = table.oneRowPerSubject
      ? `read_parquet(${path(stored.path)})`
      : `read_parquet(${path(stored.path)}, file_row_number = true)`
    await duck.run(
      `CREATE TEMP VIEW ${quoted(prefix + table.name)} AS SELECT ${['__subject', ...(table.oneRowPerSubject ? [] : ['CAST(file_row_number AS BIGINT) AS __row']), ...columns].join(', ')} FROM ${source}${picked === undefined ? '' : ` WHERE __subject IN (SELECT __subject FROM ${quoted(`${prefix}__cohort`)})`}`,
    )
  }
}

export const hex64 = (value: unknown): string =>
  BigInt((value as bigint | number | null) ?? 0)
    .toString(16)
    .padStart(16, '0')
const everybody = new Map<number, string>()

/** Subjects of the cohort and their fingerprint. Needs `openCohort` when there are filters. */
export async function countCohort(
  duck: Duck,
  data: LocalData,
  cohort: Cohort,
): Promise<{ subjects: number; fingerprint: string }> {
  if (cohort.length === 0) {
    // The numbers are dense, so that everybody has one fingerprint for each count.
    const known = everybody.get(data.subjects) ?? data.fingerprint
    if (known !== undefined) return { subjects: data.subjects, fingerprint: known }
    const fingerprint = hex64(
      (await duck.rows(`SELECT bit_xor(hash(CAST(range AS INTEGER))) FROM range(${data.subjects})`))[0]![0],
    )
    everybody.set(data.subjects, fingerprint)
    return { subjects: data.subjects, fingerprint }
  }
  const [row] = await duck.rows('SELECT count(*), bit_xor(hash(__subject)) FROM __cohort')
  return { subjects: Number(row![0]), fingerprint: hex64(row![1]) }
}
