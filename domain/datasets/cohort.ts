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

function fits(value: unknown, column: Column): boolean {
  switch (column.type) {
    case 'integer':
      return typeof value === 'number' && Number.isSafeInteger(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'category':
      return column.categories
        ? typeof value === 'string' && column.categories.includes(value)
        : typeof value === 'string'
    case 'text':
      return typeof value === 'string'
    case 'date':
      return typeof value === 'string' && isoDate.test(value) && !Number.isNaN(Date.parse(value))
    case 'datetime':
      return typeof value === 'string' && isoInstant.test(value) && !Number.isNaN(Date.parse(value.replace(' ', 'T')))
  }
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
  return cohort.flatMap((filter, i): CohortError[] => {
    const table = schema.tables.find((t) => t.name === filter.table)
    if (!table)
      return [
        {
          path: `/${i}/table`,
          message: 'No such table',
          value: filter.table,
          expected: schema.tables.map((t) => t.name).join(', '),
        },
      ]
    const column = table.columns.find((c) => c.name === filter.column)
    if (!column)
      return [
        {
          path: `/${i}/column`,
          message: `The table ${table.name} has no such column`,
          value: filter.column,
          expected: table.columns
            .filter((c) => c.role !== 'subject' && c.role !== 'identifier')
            .map((c) => c.name)
            .slice(0, 50)
            .join(', '),
        },
      ]
    if (column.role === 'subject' || column.role === 'identifier')
      return [
        {
          path: `/${i}/column`,
          message: 'A cohort is not picked by who somebody is',
          value: filter.column,
          expected: 'a column that describes people',
        },
      ]
    const expected =
      column.type === 'category' && column.categories ? column.categories.slice(0, 50).join(', ') : wanted[column.type]
    const wrong = (at: string, value: unknown): CohortError[] =>
      fits(value, column) ? [] : [{ path: `/${i}/${at}`, message: `Not ${wanted[column.type]}`, value, expected }]
    switch (filter.is) {
      case 'equal':
      case 'not-equal':
        return wrong('value', filter.value)
      case 'in':
      case 'not-in':
        return filter.values.flatMap((v, k) => wrong(`values/${k}`, v)).slice(0, 10)
      case 'known':
      case 'missing':
        return []
      case 'between': {
        if (!ordered.has(column.type))
          return [
            {
              path: `/${i}/is`,
              message: `A ${column.type} has no order`,
              value: filter.is,
              expected: 'equal, not-equal, in, not-in, known or missing',
            },
          ]
        const { from, to } = filter
        if (from === undefined && to === undefined)
          return [{ path: `/${i}`, message: 'Neither from nor to', expected: 'at least one of them' }]
        const bad = [...(from === undefined ? [] : wrong('from', from)), ...(to === undefined ? [] : wrong('to', to))]
        if (bad.length === 0 && from !== undefined && to !== undefined && from > to)
          return [{ path: `/${i}/to`, message: 'Before from', value: to, expected: `at least ${from}` }]
        return bad
      }
    }
  })
}
