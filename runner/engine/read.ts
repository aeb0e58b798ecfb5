/** Reading a custodian's files: what is in them, and a schema to begin from. For the custodian alone. */
import type { Column, ColumnType } from '../../domain/datasets/schema.ts'
import type { TableReading } from '../../ports/engine.ts'
import { type Duck, openDuck } from './duckdb.ts'
import { fileFault, isParquet, textSource } from './files.ts'
import type { LocalFile, Request } from './request.ts'

/** Texts that mean "missing" in tables of this world, in any case. */
export const missingMarks = "('', 'na', 'n/a', 'nan', 'null', 'none', '.')"
export const cleaned = (column: string): string =>
  `CASE WHEN lower(trim(${column})) IN ${missingMarks} THEN NULL ELSE trim(${column}) END`

export const integerTest = (v: string): string =>
  `(TRY_CAST(${v} AS DOUBLE) = floor(TRY_CAST(${v} AS DOUBLE)) AND abs(TRY_CAST(${v} AS DOUBLE)) < 9007199254740992)`
const exactDistinct = 1_000_000
const fewCategories = 50
const nearlyAll = 0.95

/**
 * Bounds to propose: the observed ones, moved outwards to a multiple of the power of ten below their distance, so that
 * they are nobody's value.
 */
export function outward(low: number, high: number): { minimum: number; maximum: number } {
  const unit = 10 ** Math.floor(Math.log10(high > low ? high - low : Math.max(1, Math.abs(high))))
  const to = (v: number): number => Number((v * unit).toPrecision(12))
  return { minimum: to(Math.floor(low / unit)), maximum: to(Math.ceil(high / unit)) }
}

const subjectName =
  /^(subject|participant|patient|person|sub|ppt|case|respondent)([_ -]?(id|no|nr|number|code|key))?$|^(id|sid|pid|usubjid|record[_ -]?id|run)$/i
const visitName =
  /^(visit|session|ses|wave|timepoint|time[_ -]?point|event|redcap_event_name|visit[_ -]?(nr|no|number|id|code|month|week))$/i
const identifierName =
  /(^|[_ -])(first|last|full|family|given|sur)?[_ -]?name($|[_ -])|e-?mail|phone|mobile|address|street|post-?code|zip|birth|\bdob\b|ssn|mrn|passport|iban|nhs/i

const tableName = (file: string): string => {
  const base = file
    .split('/')
    .at(-1)!
    .replace(/\.[^.]+$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '')
  return (/^[a-z]/.test(base) ? base : `t_${base}`).slice(0, 60)
}

interface Facts {
  known: number
  distinct: number
  missing: number
  integers: number
  numbers: number
  dates: number
  times: number
  booleans: number
  low: number | null
  high: number | null
  lowTime: string | null
  highTime: string | null
}

async function factsOf(
  duck: Duck,
  source: string,
  names: readonly string[],
): Promise<{ rows: number; facts: Facts[] }> {
  const rows = Number((await duck.rows(`SELECT count(*) FROM ${source}`))[0]![0])
  const facts: Facts[] = []
  const distinct = rows > exactDistinct ? 'approx_count_distinct(v)' : 'count(DISTINCT v)'
  // Columns a few at a time, so that a wide table does not become one enormous statement.
  for (let from = 0; from < names.length; from += 20) {
    const some = names.slice(from, from + 20).map((_, i) => from + i)
    const parts = some.flatMap((column) =>
      [
        `count(v)`,
        distinct,
        `count(*) FILTER (WHERE v IS NULL)`,
        `count(*) FILTER (WHERE ${integerTest('v')})`,
        `count(*) FILTER (WHERE isfinite(TRY_CAST(v AS DOUBLE)))`,
        `count(*) FILTER (WHERE TRY_CAST(v AS DATE) IS NOT NULL AND length(v) = 10)`,
        `count(*) FILTER (WHERE TRY_CAST(v AS TIMESTAMP) IS NOT NULL AND length(v) > 10)`,
        `count(*) FILTER (WHERE lower(v) IN ('true', 'false'))`,
        `min(TRY_CAST(v AS DOUBLE)) FILTER (WHERE isfinite(TRY_CAST(v AS DOUBLE)))`,
        `max(TRY_CAST(v AS DOUBLE)) FILTER (WHERE isfinite(TRY_CAST(v AS DOUBLE)))`,
        `CAST(min(TRY_CAST(v AS DATE)) AS VARCHAR)`,
        `CAST(max(TRY_CAST(v AS DATE)) AS VARCHAR)`,
      ].map((s) => s.replaceAll(/\bv\b/g, `v${column}`)),
    )
    const row = (
      await duck.rows(
        `SELECT ${parts.join(', ')} FROM (SELECT ${some.map((i) => `${cleaned(`c${i}`)} AS v${i}`).join(', ')} FROM ${source})`,
      )
    )[0]!
    for (const [nth] of some.entries()) {
      const at = row.slice(nth * 12, nth * 12 + 12)
      const count = (k: number): number => Number(at[k] ?? 0)
      facts.push({
        known: count(0),
        distinct: count(1),
        missing: count(2),
        integers: count(3),
        numbers: count(4),
        dates: count(5),
        times: count(6),
        booleans: count(7),
        low: at[8] as number | null,
        high: at[9] as number | null,
        lowTime: at[10] as string | null,
        highTime: at[11] as string | null,
      })
    }
  }
  return { rows, facts }
}

function typeOf(facts: Facts): { type: ColumnType; test: string; fit: number } {
  const most = (n: number): boolean => facts.known > 0 && n >= nearlyAll * facts.known
  if (most(facts.booleans)) return { type: 'boolean', test: `lower(v) IN ('true', 'false')`, fit: facts.booleans }
  if (most(facts.integers)) return { type: 'integer', test: integerTest('v'), fit: facts.integers }
  if (most(facts.numbers)) return { type: 'number', test: 'isfinite(TRY_CAST(v AS DOUBLE))', fit: facts.numbers }
  if (most(facts.dates)) return { type: 'date', test: 'TRY_CAST(v AS DATE) IS NOT NULL', fit: facts.dates }
  if (most(facts.times + facts.dates))
    return { type: 'datetime', test: 'TRY_CAST(v AS TIMESTAMP) IS NOT NULL', fit: facts.times + facts.dates }
  return { type: 'text', test: 'TRUE', fit: facts.known }
}

/** Bounds to propose: wider than what was found, so that they quote nobody. */
function boundsOf(type: ColumnType, { low, high, lowTime, highTime }: Facts): Pick<Column, 'minimum' | 'maximum'> {
  if ((type === 'integer' || type === 'number') && low !== null && high !== null) return outward(low, high)
  if (type === 'date' && lowTime && highTime)
    return { minimum: `${lowTime.slice(0, 4)}-01-01`, maximum: `${highTime.slice(0, 4)}-12-31` }
  return {}
}

async function readOne(duck: Duck, local: LocalFile): Promise<TableReading> {
  const parquet = isParquet(local.file)
  try {
    const { names, source } = await textSource(duck, local)
    const { rows, facts } = await factsOf(duck, source, names)
    const warnings: string[] = []
    const columns: TableReading['columns'] = []
    for (const [index, name] of names.entries()) {
      const fact = facts[index]!
      const { type, test, fit } = typeOf(fact)
      const cells = `(SELECT ${cleaned(`c${index}`)} AS v, row_number() OVER () AS line FROM ${source})`
      if (fit < fact.known) {
        const line = Number(
          (
            await duck.rows(`SELECT min(line) FROM ${cells} WHERE v IS NOT NULL AND NOT coalesce(${test}, FALSE)`)
          )[0]![0],
        )
        warnings.push(
          `${name}: ${fact.known - fit} of ${fact.known} values are not of type ${type} and would read as missing, the first in row ${line}.`,
        )
      }
      if (fact.known === 0) warnings.push(`${name}: every value is missing.`)
      const categorical =
        type === 'text' &&
        fact.distinct <= fewCategories &&
        fact.distinct * 2 <= Math.max(fact.known, 4) &&
        fact.known > 0
      const categories = categorical
        ? (await duck.rows(`SELECT DISTINCT v FROM ${cells} WHERE v IS NOT NULL ORDER BY v`)).map((r) => String(r[0]))
        : undefined
      const examples = (
        await duck.rows(`SELECT DISTINCT v FROM (SELECT v FROM ${cells} WHERE v IS NOT NULL LIMIT 1000) LIMIT 5`)
      ).map((r) => String(r[0]).slice(0, 60))
      columns.push({
        name,
        type: categories ? 'category' : type,
        ...(categories ? { categories } : {}),
        ...boundsOf(type, fact),
        nullable: fact.missing > 0,
        distinct: fact.distinct,
        missing: fact.missing,
        examples,
      })
    }
    if (rows === 0) warnings.push('The table has a header and no rows.')
    giveRoles(columns, rows)
    const proposed = columns.map(({ distinct: _d, missing: _m, examples: _e, ...c }): Column => c)
    const subject = columns.find((c) => c.role === 'subject')
    return {
      file: local.file,
      columns,
      rows,
      proposed: {
        name: tableName(local.file),
        file: local.file,
        columns: proposed,
        oneRowPerSubject: subject !== undefined && subject.distinct === rows && subject.missing === 0 && rows > 0,
      },
      warnings,
    }
  } catch (e) {
    throw fileFault(local.file, e, parquet)
  }
}

/** Proposes roles by the columns' names, and what a subject's column must be. */
function giveRoles(columns: TableReading['columns'], rows: number): void {
  const could = (c: TableReading['columns'][number]): boolean =>
    ['text', 'integer', 'category'].includes(c.type) && c.missing === 0
  const subject =
    columns.find((c) => could(c) && subjectName.test(c.name)) ??
    columns.find((c) => could(c) && /id$/i.test(c.name)) ??
    columns.find((c) => could(c) && rows > 0 && c.distinct === rows)
  if (subject) {
    subject.role = 'subject'
    delete subject.minimum
    delete subject.maximum
    if (subject.type === 'category') {
      subject.type = 'text'
      delete subject.categories
    }
  }
  const visit = columns.find((c) => c !== subject && visitName.test(c.name))
  if (visit) visit.role = 'visit'
  for (const column of columns)
    if (column.role === undefined && identifierName.test(column.name)) {
      column.role = 'identifier'
      if (column.type === 'category') {
        column.type = 'text'
        delete column.categories
      }
    }
}

/** Reads files one by one. `Unreadable` for the first that cannot be. */
export async function read({ files }: Extract<Request, { kind: 'read' }>, memoryMb: number): Promise<TableReading[]> {
  const duck = await openDuck({ files: files.map((f) => f.path), memoryMb })
  try {
    const out: TableReading[] = []
    for (const file of files) out.push(await readOne(duck, file))
    return out
  } finally {
    duck.close()
  }
}
