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
const isDate = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && instant(value) !== undefined
const isDateTime = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?$/.test(value) &&
  instant(value) !== undefined

/** Whether the calendar has a day (YYYY-MM-DD). */
function isDay(day: string): boolean {
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().slice(0, 10) === day
}

/**
 * Milliseconds of a date or date and time, UTC unless it says otherwise; undefined for a day that the calendar does not
 * have.
 */
function instant(text: string): number | undefined {
  const day = text.slice(0, 10)
  if (!isDay(day)) return undefined
  const moment = text.length === 10 ? `${day}T00:00` : text.replace(' ', 'T')
  const hasZone = /(Z|[+-]\d\d:\d\d)$/.test(text) && text.length > 10
  const at = Date.parse(hasZone ? moment : `${moment}Z`)
  return Number.isNaN(at) ? undefined : at
}

/** What a bound of a column may be, and a number by which bounds are in order. */
interface BoundRule {
  fits(value: unknown): boolean
  expected: string
  order(value: number | string): number
}
const inTime = (value: number | string): number => instant(String(value))!
const boundRules: Partial<Record<ColumnType, BoundRule>> = {
  integer: { fits: Number.isSafeInteger, expected: 'a whole number', order: Number },
  number: { fits: Number.isFinite, expected: 'a number', order: Number },
  date: { fits: isDate, expected: 'a day as YYYY-MM-DD', order: inTime },
  datetime: {
    fits: (value) => isDateTime(value) || isDate(value),
    expected: 'a day, or day and time, in ISO 8601',
    order: inTime,
  },
}

/** Names that a database or a script would not tell apart: compared without case, and in one Unicode form. */
const folded = (name: string): string => name.normalize('NFKC').toLowerCase()

/** Faults of names that must differ; `where` makes the pointer of the i-th. */
function twins(names: readonly string[], where: (place: number) => string, what: string): SchemaFault[] {
  const seen = new Map<string, number>()
  return names.flatMap((name, place) => {
    const twin = seen.get(folded(name))
    if (twin === undefined) {
      seen.set(folded(name), place)
      return []
    }
    return [{ path: where(place), message: `The same ${what} as number ${twin + 1}; capitals do not tell names apart` }]
  })
}

function columnFaults(column: Column, at: string): SchemaFault[] {
  return [...boundFaults(column, at), ...categoryFaults(column, at), ...roleFaults(column, at)]
}

function boundFaults(column: Column, at: string): SchemaFault[] {
  const { type, minimum, maximum } = column
  const faults: SchemaFault[] = []
  const rule = boundRules[type]
  for (const which of ['minimum', 'maximum'] as const) {
    const fault = column[which] === undefined ? undefined : boundFault(column[which], type, rule)
    if (fault) faults.push({ path: `${at}/${which}`, ...fault })
  }
  if (rule && minimum !== undefined && maximum !== undefined && rule.fits(minimum) && rule.fits(maximum))
    if (rule.order(minimum) > rule.order(maximum))
      faults.push({ path: `${at}/minimum`, message: 'The lower bound is above the upper one' })
  return faults
}
function boundFault(
  bound: number | string,
  type: ColumnType,
  rule: BoundRule | undefined,
): Omit<SchemaFault, 'path'> | undefined {
  if (!rule)
    return { message: `A column of type ${type} has no bounds`, expected: `Bounds are for ${bounded.join(', ')}` }
  if (rule.fits(bound)) return undefined
  return { message: `Not a bound of a column of type ${type}`, expected: rule.expected }
}

function categoryFaults({ type, categories }: Column, at: string): SchemaFault[] {
  const path = `${at}/categories`
  const faults: SchemaFault[] = []
  if (categories === undefined) {
    if (type !== 'category') return []
    const expected = 'a list of texts; others are read as missing'
    return [{ path, message: 'A column of type category declares its categories', expected }]
  }
  if (type !== 'category')
    faults.push({ path, message: `A column of type ${type} has no categories`, expected: 'type category' })
  else if (categories.length === 0) faults.push({ path, message: 'Name at least one category, or leave the list out' })
  const seen = new Set<string>()
  for (const [place, category] of categories.entries()) {
    if (seen.has(category)) faults.push({ path: `${path}/${place}`, message: 'This category is in the list twice' })
    seen.add(category)
  }
  return faults
}

function roleFaults({ role, type }: Column, at: string): SchemaFault[] {
  if (role !== 'subject' || ['integer', 'text', 'category'].includes(type)) return []
  const message = `A subject column cannot be of type ${type}`
  return [{ path: `${at}/type`, message, expected: 'text or integer' }]
}

function tableFaults({ columns }: Table, at: string): SchemaFault[] {
  const path = `${at}/columns`
  const faults = twins(
    columns.map(({ name }) => name),
    (i) => `${path}/${i}/name`,
    'name',
  )
  const countOf = (role: Column['role']): number => columns.filter((column) => column.role === role).length
  const subjects = countOf('subject')
  if (subjects !== 1) {
    const none = 'No column has the role subject: whose row is it?'
    const message = subjects === 0 ? none : 'More than one column has the role subject'
    faults.push({ path, message, expected: 'exactly one column with role subject' })
  }
  if (countOf('visit') > 1) {
    const message = 'More than one column has the role visit'
    faults.push({ path, message, expected: 'at most one column with role visit' })
  }
  if (columns.every(({ role }) => role === 'subject' || role === 'identifier'))
    faults.push({ path, message: 'There is nothing to ask of this table: all its columns are identifiers' })
  return [...faults, ...columns.flatMap((column, i) => columnFaults(column, `${path}/${i}`))]
}

function imageFaults(folder: ImageFolder, at: string, tables: readonly Table[]): SchemaFault[] {
  const listing = tables.find(({ name }) => name === folder.table)
  if (!listing) {
    const expected = tables.map(({ name }) => name).join(', ')
    return [{ path: `${at}/table`, message: 'There is no table of this name', expected }]
  }
  const faults = twins(folder.masks, (i) => `${at}/masks/${i}`, 'file')
  const column = listing.columns.find(({ name }) => name === folder.path)
  if (!column) {
    const message = `The table ${folder.table} has no column of this name`
    faults.push({ path: `${at}/path`, message, expected: 'the column that holds each volume’s path' })
  } else if (column.type !== 'text' || column.role !== undefined) {
    const message = 'A path is a column of type text without a role'
    faults.push({ path: `${at}/path`, message, expected: 'type text' })
  }
  return faults
}

/** A schema that is too large to be kept. */
function sizeFaults(schema: DatasetSchema): SchemaFault[] {
  if (new TextEncoder().encode(JSON.stringify(schema)).length <= maxSchemaBytes) return []
  const message = `The schema has more than ${maxSchemaBytes / 1000} kB. Declare fewer categories, or leave out columns that nobody should ask about`
  return [{ path: '', message }]
}

/** All faults of a schema; an empty list when it can be stored. Pointers begin at the schema. */
export function schemaFaults(schema: DatasetSchema): SchemaFault[] {
  const { tables, images } = schema
  const tableNames = tables.map(({ name }) => name)
  const files = tables.map(({ file }) => file)
  const folders = images.map(({ name }) => name)
  return [
    ...twins(tableNames, (i) => `/tables/${i}/name`, 'table'),
    ...twins(files, (i) => `/tables/${i}/file`, 'file'),
    ...tables.flatMap((table, i) => tableFaults(table, `/tables/${i}`)),
    ...twins(folders, (i) => `/images/${i}/name`, 'image folder'),
    ...images.flatMap((folder, i) => imageFaults(folder, `/images/${i}`, tables)),
    ...sizeFaults(schema),
  ]
}

/** Faults of a schema against the files that were uploaded: each table's file and each mask must be among them. */
export function fileFaults(schema: DatasetSchema, files: ReadonlySet<string>): SchemaFault[] {
  const ofTables = schema.tables.flatMap(({ file }, i) =>
    files.has(file) ? [] : [{ path: `/tables/${i}/file`, message: 'This file was not uploaded and read' }],
  )
  const ofMasks = schema.images.flatMap(({ masks }, place) =>
    masks.flatMap((mask, j) =>
      files.has(mask) ? [] : [{ path: `/images/${place}/masks/${j}`, message: 'This file was not uploaded' }],
    ),
  )
  return [...ofTables, ...ofMasks]
}
