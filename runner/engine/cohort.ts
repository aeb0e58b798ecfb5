/** The dataset as a query sees it: one view per table, with the cohort's rows alone. */
import { type Column, subjectColumn } from '../../domain/datasets/schema.ts'
import type { Cohort } from '../../domain/datasets/cohort.ts'
import { literal, quoted } from '../../domain/sql/expr.ts'
import type { Duck } from './duckdb.ts'
import type { LocalData } from './request.ts'

const path = (p: string): string => `'${p.replaceAll("'", "''")}'`
const numeric = (c: Column): boolean => c.type === 'integer' || c.type === 'number'

/** A filter's value as the column's type; undefined when it can never be equal. */
function valueOf(c: Column, v: string | number | boolean): string | undefined {
  if (c.role === 'subject') return undefined
  if (numeric(c)) return typeof v === 'number' ? literal(v) : undefined
  if (c.type === 'boolean') return typeof v === 'boolean' ? literal(v) : undefined
  if (typeof v !== 'string') return undefined
  return c.type === 'date'
    ? `TRY_CAST(${literal(v)} AS DATE)`
    : c.type === 'datetime'
      ? `TRY_CAST(${literal(v)} AS TIMESTAMP)`
      : literal(v)
}

function condition(f: Cohort[number], columns: readonly Column[]): string {
  const c = columns.find((x) => x.name === f.column)
  if (!c || c.role === 'identifier' || c.role === 'subject') return 'FALSE'
  const name = quoted(c.name)
  switch (f.is) {
    case 'known':
      return `${name} IS NOT NULL`
    case 'missing':
      return `${name} IS NULL`
    case 'equal':
    case 'not-equal': {
      const v = valueOf(c, f.value)
      return v === undefined ? 'FALSE' : `${name} ${f.is === 'equal' ? '=' : '<>'} ${v}`
    }
    case 'in':
    case 'not-in': {
      const all = f.values.map((v) => valueOf(c, v))
      return all.includes(undefined) ? 'FALSE' : `${name} ${f.is === 'in' ? 'IN' : 'NOT IN'} (${all.join(', ')})`
    }
    case 'between': {
      const [from, to] = [f.from, f.to].map((v) => (v === undefined ? null : valueOf(c, v)))
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
    .map((f) => {
      const t = data.schema.tables.find((x) => x.name === f.table)
      const stored = data.tables.find((x) => x.name === f.table)
      if (!t || !stored) return 'SELECT CAST(0 AS INTEGER) AS __subject WHERE FALSE'
      return `SELECT DISTINCT __subject FROM read_parquet(${path(stored.path)}) WHERE ${condition(f, t.columns)}`
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
  for (const t of data.schema.tables) {
    const stored = data.tables.find((x) => x.name === t.name)
    if (!stored || (only && !only.has(t.name))) continue
    const columns = t.columns
      .filter((c) => c.role !== 'identifier' && c !== subjectColumn(t))
      .map((c) => quoted(c.name))
    const source = t.oneRowPerSubject
      ? `read_parquet(${path(stored.path)})`
      : `read_parquet(${path(stored.path)}, file_row_number = true)`
    await duck.run(
      `CREATE TEMP VIEW ${quoted(prefix + t.name)} AS SELECT ${['__subject', ...(t.oneRowPerSubject ? [] : ['CAST(file_row_number AS BIGINT) AS __row']), ...columns].join(', ')} FROM ${source}${picked === undefined ? '' : ` WHERE __subject IN (SELECT __subject FROM ${quoted(`${prefix}__cohort`)})`}`,
    )
  }
}

export const hex64 = (v: unknown): string =>
  BigInt((v as bigint | number | null) ?? 0)
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
