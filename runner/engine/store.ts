/**
 * Making Parquet of confirmed tables: every value as its declared type or missing, rows sorted by subject, subjects
 * numbered from 0 over all tables.
 */
import { join } from 'node:path'
import { type Column, type DatasetSchema, subjectColumn, type Table } from '../../domain/datasets/schema.ts'
import { literal, quoted } from '../../domain/sql/expr.ts'
import { Unreadable } from '../../ports/engine.ts'
import { hex64 } from './cohort.ts'
import { type Duck, openDuck } from './duckdb.ts'
import { fileFault, isParquet, textSource } from './files.ts'
import { cleaned, integerTest } from './read.ts'
import type { Request, Written } from './request.ts'

/** A cell of text as its declared type: missing when it is none, or outside of what was declared. */
function typed(column: Column, raw: string): string {
  const value = cleaned(raw)
  const bounded = (sql: string, type: 'number' | 'DATE' | 'TIMESTAMP'): string => {
    const bound = (b: number | string): string =>
      typeof b === 'number' ? literal(b) : `TRY_CAST(${literal(b)} AS ${type})`
    const tests = [
      ...(column.minimum === undefined ? [] : [`${sql} >= ${bound(column.minimum)}`]),
      ...(column.maximum === undefined ? [] : [`${sql} <= ${bound(column.maximum)}`]),
    ]
    return tests.length ? `CASE WHEN ${tests.join(' AND ')} THEN ${sql} END` : sql
  }
  switch (column.type) {
    case 'integer':
      return bounded(
        `CASE WHEN ${integerTest(value)} THEN TRY_CAST(TRY_CAST(${value} AS DOUBLE) AS BIGINT) END`,
        'number',
      )
    case 'number':
      return bounded(`CASE WHEN isfinite(TRY_CAST(${value} AS DOUBLE)) THEN TRY_CAST(${value} AS DOUBLE) END`, 'number')
    case 'boolean':
      return `CASE WHEN lower(${value}) IN ('true', 't', 'yes', 'y', '1', '1.0') THEN TRUE WHEN lower(${value}) IN ('false', 'f', 'no', 'n', '0', '0.0') THEN FALSE END`
    case 'date':
      return bounded(`TRY_CAST(${value} AS DATE)`, 'DATE')
    case 'datetime':
      return bounded(`TRY_CAST(${value} AS TIMESTAMP)`, 'TIMESTAMP')
    // A category may be called as a missing value is: what was declared counts.
    case 'category':
      return column.categories === undefined
        ? `nullif(trim(${raw}), '')`
        : `CASE WHEN trim(${raw}) IN (${column.categories.map(literal).join(', ')}) THEN trim(${raw}) END`
    case 'text':
      return `nullif(trim(${raw}), '')`
  }
}

const subjectText = (raw: string): string => `nullif(trim(${raw}), '')`

interface Opened {
  table: Table
  source: string
  columns: { column: Column; raw: string }[]
  subject: string
  path: string
}

async function open(duck: Duck, table: Table, files: Extract<Request, { kind: 'store' }>['files']): Promise<Opened> {
  const file = files.find((x) => x.file === table.file)
  if (!file) throw new Unreadable(table.file, 'This file was not uploaded.')
  const { names, source } = await textSource(duck, file)
  const columns = table.columns.map((column) => {
    const index = names.indexOf(column.name)
    if (index < 0)
      throw new Unreadable(table.file, `The declared column ${column.name.slice(0, 80)} is not in the file.`, 1)
    return { column, raw: `c${index}` }
  })
  const subject = columns.find((c) => c.column === subjectColumn(table))
  if (!subject) throw new Unreadable(table.file, 'No column is declared as the subject.')
  return { table, source, columns, subject: subject.raw, path: file.path }
}

async function storeOne(
  duck: Duck,
  opened: Opened,
  folder: string,
  outside: Record<string, number>,
): Promise<Written['tables'][number]> {
  const { table, columns } = opened
  const staged = quoted(`staged_${table.name}`)
  const lost = columns.filter((c) => c.raw !== opened.subject)
  await duck.run(
    `CREATE TEMP TABLE ${staged} AS SELECT i.__subject AS __subject, line AS __line, ${columns.map((c) => `${c.raw === opened.subject ? subjectText(c.raw) : typed(c.column, c.raw)} AS ${quoted(c.column.name)}`).join(', ')}${lost.map((c) => `, (${c.column.type === 'category' || c.column.type === 'text' ? subjectText(c.raw) : cleaned(c.raw)}) IS NOT NULL AS ${quoted(`given ${c.column.name}`)}`).join('')} FROM (SELECT *, row_number() OVER () AS line FROM ${opened.source}) f LEFT JOIN subject_ids i ON i.id = ${subjectText(`f.${opened.subject}`)}`,
  )
  const counts = await duck.rows(
    `SELECT count(*), count(__subject), count(DISTINCT __subject)${lost.map((c) => `, count(*) FILTER (WHERE ${quoted(`given ${c.column.name}`)} AND ${quoted(c.column.name)} IS NULL AND __subject IS NOT NULL)`).join('')} FROM ${staged}`,
  )
  const [all, rows, subjects, ...out] = counts[0]!.map(Number) as [number, number, number, ...number[]]
  const subjectName = columns.find((c) => c.raw === opened.subject)!.column.name
  if (all > rows) outside[`${table.name}.${subjectName}`] = all - rows
  for (const [index, lostColumn] of lost.entries())
    if (out[index]! > 0) outside[`${table.name}.${lostColumn.column.name}`] = out[index]!
  const rowsPerSubject = Number(
    (
      await duck.rows(
        `SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM ${staged} WHERE __subject IS NOT NULL GROUP BY __subject)`,
      )
    )[0]![0],
  )
  if (table.oneRowPerSubject && rowsPerSubject > 1) {
    const line = Number(
      (
        await duck.rows(
          `SELECT min(line) FROM (SELECT __subject, list(__line ORDER BY __line)[2] AS line FROM ${staged} WHERE __subject IS NOT NULL GROUP BY __subject HAVING count(*) > 1)`,
        )
      )[0]![0],
    )
    throw new Unreadable(
      table.file,
      `The table is declared to have one row per subject, and has more for some: the first such row is row ${line}.`,
      line + 1,
    )
  }
  const path = join(folder, `${table.name}.parquet`)
  await duck.run(
    `COPY (SELECT __subject, ${columns.map((c) => quoted(c.column.name)).join(', ')} FROM ${staged} WHERE __subject IS NOT NULL ORDER BY __subject, __line) TO ${literal(path)} (FORMAT parquet, COMPRESSION lz4_raw)`,
  )
  await duck.run(`DROP TABLE ${staged}`)
  return { name: table.name, path, rows, subjects, rowsPerSubject }
}

/** `Unreadable` when a declared column is missing, a subject has more rows than declared, or nobody is left. */
export async function store(
  { files, schema, folder }: Extract<Request, { kind: 'store' }>,
  memoryMb: number,
): Promise<Written> {
  const duck = await openDuck({ files: files.map((f) => f.path), folders: [folder], memoryMb })
  let current: { file: string } = { file: files[0]?.file ?? '' }
  try {
    const opened: Opened[] = []
    for (const table of (schema as DatasetSchema).tables) {
      current = table
      opened.push(await open(duck, table, files))
    }
    // One numbering over all tables: whole numbers in their order, then texts in theirs.
    await duck.run(
      `CREATE TEMP TABLE subject_ids AS SELECT CAST(row_number() OVER (ORDER BY TRY_CAST(id AS BIGINT) NULLS LAST, id) - 1 AS INTEGER) AS __subject, id FROM (SELECT DISTINCT id FROM (${opened.map((o) => `SELECT ${subjectText(o.subject)} AS id FROM ${o.source}`).join(' UNION ALL ')}) WHERE id IS NOT NULL)`,
    )
    const subjects = Number((await duck.rows('SELECT count(*) FROM subject_ids'))[0]![0])
    if (subjects === 0) throw new Unreadable(current.file, 'No row names a subject.')
    const outside: Record<string, number> = {}
    const tables: Written['tables'] = []
    for (const one of opened) {
      current = one.table
      tables.push(await storeOne(duck, one, folder, outside))
    }
    const fingerprint = hex64((await duck.rows(`SELECT bit_xor(hash(__subject)) FROM subject_ids`))[0]![0])
    return { tables, subjects, fingerprint, outside }
  } catch (e) {
    throw fileFault(current.file, e, isParquet(current.file))
  } finally {
    duck.close()
  }
}
