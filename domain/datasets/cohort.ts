/** A cohort: declared filters that the platform applies itself and counts before any code runs. */
import type { Column, ColumnType, DatasetSchema } from './schema.ts'

export type Filter =
  | { column: string; is: 'equal' | 'not-equal'; value: string | number | boolean }
  | { column: string; is: 'in' | 'not-in'; values: (string | number)[] }
  /** Both inclusive; numbers, or ISO 8601 for dates. */
  | { column: string; is: 'between'; from?: number | string; to?: number | string }
  | { column: string; is: 'known' | 'missing' }
/**
 * A subject is in the cohort when, for each filter, at least one of their rows in `table` meets it. An empty list is
 * everybody.
 */
export type Cohort = (Filter & { table: string })[]

export interface CohortError {
  /** JSON pointer below the cohort: `/0/column`. */
  path: string
  message: string
  value?: unknown
  expected?: string
}

/** A cohort is kept with its job, so it has a size: bytes of its JSON. */
const maximumBytes = 60_000
const isoDate = /^\d{4}-\d{2}-\d{2}$/
const isoInstant = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?$/
const ordered: ReadonlySet<ColumnType> = new Set(['integer', 'number', 'date', 'datetime'])
const wanted: Record<ColumnType, string> = {
  integer: 'a whole number',
  number: 'a number',
  category: 'one of the declared categories',
  text: 'a text',
  boolean: 'true or false',
  date: 'a date, YYYY-MM-DD',
  datetime: 'a date and time, ISO 8601',
}

const isMoment = (value: unknown, form: RegExp): boolean =>
  typeof value === 'string' && form.test(value) && !Number.isNaN(Date.parse(value.replace(' ', 'T')))

/** Whether a value is of a column's type, and one of its categories where those are declared. */
const fitsType: Record<ColumnType, (value: unknown, column: Column) => boolean> = {
  integer: Number.isSafeInteger,
  number: Number.isFinite,
  boolean: (value) => typeof value === 'boolean',
  category: (value, { categories }) =>
    typeof value === 'string' && (categories === undefined || categories.includes(value)),
  text: (value) => typeof value === 'string',
  date: (value) => isMoment(value, isoDate),
  datetime: (value) => isMoment(value, isoInstant),
}

/**
 * What does not fit the declared schema, filter by filter. It reads declarations only, so its messages say nothing
 * about anybody.
 */
export function cohortErrors(cohort: Cohort, schema: DatasetSchema): CohortError[] {
  const size = JSON.stringify(cohort).length
  if (size > maximumBytes)
    return [
      {
        path: '',
        message: `The filters are too long together (${size} bytes)`,
        expected: `at most ${maximumBytes} bytes`,
      },
    ]
  return cohort.flatMap((filter, i) => filterErrors(filter, `/${i}`, schema))
}

/** At most so many names or categories are listed in a message. */
const mostListed = 50
const isOfPerson = (column: Column): boolean => column.role === 'subject' || column.role === 'identifier'

function filterErrors(filter: Cohort[number], path: string, schema: DatasetSchema): CohortError[] {
  const table = schema.tables.find((candidate) => candidate.name === filter.table)
  if (!table) {
    const expected = schema.tables.map(({ name }) => name).join(', ')
    return [{ path: `${path}/table`, message: 'No such table', value: filter.table, expected }]
  }
  const column = table.columns.find((candidate) => candidate.name === filter.column)
  if (!column) {
    const describing = table.columns.filter((candidate) => !isOfPerson(candidate)).map(({ name }) => name)
    const expected = describing.slice(0, mostListed).join(', ')
    const message = `The table ${table.name} has no such column`
    return [{ path: `${path}/column`, message, value: filter.column, expected }]
  }
  if (isOfPerson(column))
    return [
      {
        path: `${path}/column`,
        message: 'A cohort is not picked by who somebody is',
        value: filter.column,
        expected: 'a column that describes people',
      },
    ]
  return valueErrors(filter, path, column)
}

/** At most so many values of a list are named. */
const mostValues = 10

function valueErrors(filter: Filter, path: string, column: Column): CohortError[] {
  switch (filter.is) {
    case 'equal':
    case 'not-equal':
      return valueError(filter.value, `${path}/value`, column)
    case 'in':
    case 'not-in':
      return filter.values.flatMap((value, i) => valueError(value, `${path}/values/${i}`, column)).slice(0, mostValues)
    case 'known':
    case 'missing':
      return []
    case 'between':
      return betweenErrors(filter, path, column)
  }
}
/** The value, when it is none of the column's. */
function valueError(value: unknown, path: string, column: Column): CohortError[] {
  if (fitsType[column.type](value, column)) return []
  const listed = column.type === 'category' ? column.categories?.slice(0, mostListed).join(', ') : undefined
  return [{ path, message: `Not ${wanted[column.type]}`, value, expected: listed ?? wanted[column.type] }]
}
function betweenErrors({ is, from, to }: Filter & { is: 'between' }, path: string, column: Column): CohortError[] {
  if (!ordered.has(column.type))
    return [
      {
        path: `${path}/is`,
        message: `A ${column.type} has no order`,
        value: is,
        expected: 'equal, not-equal, in, not-in, known or missing',
      },
    ]
  if (from === undefined && to === undefined)
    return [{ path, message: 'Neither from nor to', expected: 'at least one of them' }]
  const ends = Object.entries({ from, to }).filter(([, value]) => value !== undefined)
  const errors = ends.flatMap(([end, value]) => valueError(value, `${path}/${end}`, column))
  if (errors.length > 0 || from === undefined || to === undefined || from <= to) return errors
  return [{ path: `${path}/to`, message: 'Before from', value: to, expected: `at least ${from}` }]
}
