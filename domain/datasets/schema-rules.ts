/** What a declared schema must fulfil before anything is stored by it; every fault is named with its place. */
import type { Column, ColumnType, DatasetSchema, ImageFolder, Table } from './schema.ts'

/** One fault: a JSON pointer below the schema, and what is wrong there. */
export interface SchemaFault {
  path: string
  message: string
  expected?: string
}

/** A published schema lives in one item of the table, beside the hashes of its files. */
export const maxSchemaBytes = 200_000

const bounded: readonly ColumnType[] = ['integer', 'number', 'date', 'datetime']
const isDate = (v: unknown): v is string =>
  typeof v === 'string' && /^\d{4}-\d\d-\d\d$/.test(v) && instant(v) !== undefined
const isDateTime = (v: unknown): v is string =>
  typeof v === 'string' &&
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?$/.test(v) &&
  instant(v) !== undefined

/**
 * Milliseconds of a date or date and time, UTC unless it says otherwise; undefined for a day that the calendar does not
 * have.
 */
function instant(text: string): number | undefined {
  const day = text.slice(0, 10)
  if (
    new Date(`${day}T00:00:00Z`).toString() === 'Invalid Date' ||
    new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day
  )
    return undefined
  const at =
    text.length === 10
      ? Date.parse(`${text}T00:00:00Z`)
      : Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`)
  return Number.isNaN(at) ? undefined : at
}

const boundOf: Record<
  ColumnType,
  { fits: (v: unknown) => boolean; expected: string; order: (v: number | string) => number } | undefined
> = {
  integer: { fits: Number.isSafeInteger, expected: 'a whole number', order: Number },
  number: { fits: Number.isFinite, expected: 'a number', order: Number },
  date: { fits: isDate, expected: 'a day as YYYY-MM-DD', order: (v) => instant(String(v))! },
  datetime: {
    fits: (v) => isDateTime(v) || isDate(v),
    expected: 'a day, or day and time, in ISO 8601',
    order: (v) => instant(String(v))!,
  },
  category: undefined,
  text: undefined,
  boolean: undefined,
}

/** Names that a database or a script would not tell apart: compared without case, and in one Unicode form. */
const folded = (name: string): string => name.normalize('NFKC').toLowerCase()

/** Faults of names that must differ; `where` makes the pointer of the i-th. */
function twins(names: readonly string[], where: (i: number) => string, what: string): SchemaFault[] {
  const seen = new Map<string, number>()
  return names.flatMap((name, i) => {
    const twin = seen.get(folded(name))
    if (twin === undefined) {
      seen.set(folded(name), i)
      return []
    }
    return [{ path: where(i), message: `The same ${what} as number ${twin + 1}; capitals do not tell names apart` }]
  })
}

function columnFaults(c: Column, at: string): SchemaFault[] {
  const out: SchemaFault[] = []
  const rule = boundOf[c.type]
  for (const which of ['minimum', 'maximum'] as const) {
    const v = c[which]
    if (v === undefined) continue
    if (!rule)
      out.push({
        path: `${at}/${which}`,
        message: `A column of type ${c.type} has no bounds`,
        expected: `Bounds are for ${bounded.join(', ')}`,
      })
    else if (!rule.fits(v))
      out.push({
        path: `${at}/${which}`,
        message: `Not a bound of a column of type ${c.type}`,
        expected: rule.expected,
      })
  }
  if (
    rule &&
    c.minimum !== undefined &&
    c.maximum !== undefined &&
    rule.fits(c.minimum) &&
    rule.fits(c.maximum) &&
    rule.order(c.minimum) > rule.order(c.maximum)
  )
    out.push({ path: `${at}/minimum`, message: 'The lower bound is above the upper one' })
  if (c.categories !== undefined) {
    if (c.type !== 'category')
      out.push({
        path: `${at}/categories`,
        message: `A column of type ${c.type} has no categories`,
        expected: 'type category',
      })
    else if (c.categories.length === 0)
      out.push({ path: `${at}/categories`, message: 'Name at least one category, or leave the list out' })
    const seen = new Set<string>()
    for (const [i, name] of c.categories.entries()) {
      if (seen.has(name)) out.push({ path: `${at}/categories/${i}`, message: 'This category is in the list twice' })
      seen.add(name)
    }
  }
  if (c.type === 'category' && c.categories === undefined)
    out.push({
      path: `${at}/categories`,
      message: 'A column of type category declares its categories',
      expected: 'a list of texts; others are read as missing',
    })
  if (c.role === 'subject' && !['integer', 'text', 'category'].includes(c.type))
    out.push({
      path: `${at}/type`,
      message: `A subject column cannot be of type ${c.type}`,
      expected: 'text or integer',
    })
  return out
}

function tableFaults(t: Table, at: string): SchemaFault[] {
  const out = twins(
    t.columns.map((c) => c.name),
    (i) => `${at}/columns/${i}/name`,
    'name',
  )
  const of = (role: Column['role']): number => t.columns.filter((c) => c.role === role).length
  if (of('subject') !== 1)
    out.push({
      path: `${at}/columns`,
      message:
        of('subject') === 0
          ? 'No column has the role subject: whose row is it?'
          : 'More than one column has the role subject',
      expected: 'exactly one column with role subject',
    })
  if (of('visit') > 1)
    out.push({
      path: `${at}/columns`,
      message: 'More than one column has the role visit',
      expected: 'at most one column with role visit',
    })
  if (t.columns.every((c) => c.role === 'subject' || c.role === 'identifier'))
    out.push({
      path: `${at}/columns`,
      message: 'There is nothing to ask of this table: all its columns are identifiers',
    })
  return [...out, ...t.columns.flatMap((c, i) => columnFaults(c, `${at}/columns/${i}`))]
}

function imageFaults(f: ImageFolder, at: string, tables: readonly Table[]): SchemaFault[] {
  const listed = tables.find((t) => t.name === f.table)
  if (!listed)
    return [
      {
        path: `${at}/table`,
        message: 'There is no table of this name',
        expected: tables.map((t) => t.name).join(', '),
      },
    ]
  const column = listed.columns.find((c) => c.name === f.path)
  const out = twins(f.masks, (i) => `${at}/masks/${i}`, 'file')
  if (!column)
    out.push({
      path: `${at}/path`,
      message: `The table ${f.table} has no column of this name`,
      expected: 'the column that holds each volume’s path',
    })
  else if (column.type !== 'text' || column.role !== undefined)
    out.push({ path: `${at}/path`, message: 'A path is a column of type text without a role', expected: 'type text' })
  return out
}

/** All faults of a schema; an empty list when it can be stored. Pointers begin at the schema. */
export function schemaFaults(schema: DatasetSchema): SchemaFault[] {
  return [
    ...twins(
      schema.tables.map((t) => t.name),
      (i) => `/tables/${i}/name`,
      'table',
    ),
    ...twins(
      schema.tables.map((t) => t.file),
      (i) => `/tables/${i}/file`,
      'file',
    ),
    ...schema.tables.flatMap((t, i) => tableFaults(t, `/tables/${i}`)),
    ...twins(
      schema.images.map((f) => f.name),
      (i) => `/images/${i}/name`,
      'image folder',
    ),
    ...schema.images.flatMap((f, i) => imageFaults(f, `/images/${i}`, schema.tables)),
    ...(new TextEncoder().encode(JSON.stringify(schema)).length > maxSchemaBytes
      ? [
          {
            path: '',
            message: `The schema has more than ${maxSchemaBytes / 1000} kB. Declare fewer categories, or leave out columns that nobody should ask about`,
          },
        ]
      : []),
  ]
}

/** Faults of a schema against the files that were uploaded: each table's file and each mask must be among them. */
export function fileFaults(schema: DatasetSchema, files: ReadonlySet<string>): SchemaFault[] {
  return [
    ...schema.tables.flatMap((t, i) =>
      files.has(t.file) ? [] : [{ path: `/tables/${i}/file`, message: 'This file was not uploaded and read' }],
    ),
    ...schema.images.flatMap((f, i) =>
      f.masks.flatMap((m, j) =>
        files.has(m) ? [] : [{ path: `/images/${i}/masks/${j}`, message: 'This file was not uploaded' }],
      ),
    ),
  ]
}
