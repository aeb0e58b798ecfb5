/** Filters while they are being typed, and what they become once they are whole. */
import type { Column, Schema } from '../../queries/datasets.ts'
import type { Ask } from '../../queries/jobs.ts'

export type Filter = Ask['cohort'][number]
export type FilterKind = Filter['is']
/** One row of the builder: everything as it was typed. */
export interface FilterDraft {
  table: string
  column: string
  is: FilterKind
  value: string
  values: string[]
  from: string
  to: string
}

const byType: Record<Column['type'], readonly FilterKind[]> = {
  category: ['in', 'not-in', 'known', 'missing'],
  integer: ['between', 'equal', 'not-equal', 'known', 'missing'],
  number: ['between', 'equal', 'not-equal', 'known', 'missing'],
  date: ['between', 'known', 'missing'],
  datetime: ['between', 'known', 'missing'],
  boolean: ['equal', 'known', 'missing'],
  text: ['equal', 'not-equal', 'known', 'missing'],
}
export const kindsOf = (c: Column): readonly FilterKind[] => byType[c.type]
export const kindLabel: Record<FilterKind, string> = {
  equal: 'is',
  'not-equal': 'is not',
  in: 'is one of',
  'not-in': 'is none of',
  between: 'is between',
  known: 'is known',
  missing: 'is missing',
}

export const columnOf = (schema: Schema | undefined, f: Pick<FilterDraft, 'table' | 'column'>): Column | undefined =>
  schema?.tables.find((t) => t.name === f.table)?.columns.find((c) => c.name === f.column)
/** Columns that a cohort can be chosen by: not who somebody is. */
export const choosable = (c: Column): boolean => c.role !== 'subject' && c.role !== 'identifier'
export const emptyFilter = (table: string, column: Column): FilterDraft => ({
  table,
  column: column.name,
  is: kindsOf(column)[0]!,
  value: column.type === 'boolean' ? 'true' : '',
  values: [],
  from: '',
  to: '',
})

export function draftOf(filter: Filter): FilterDraft {
  const empty = { table: filter.table, column: filter.column, is: filter.is, value: '', values: [], from: '', to: '' }
  if (filter.is === 'equal' || filter.is === 'not-equal') return { ...empty, value: String(filter.value) }
  if (filter.is === 'in' || filter.is === 'not-in') return { ...empty, values: filter.values.map(String) }
  return filter.is === 'between'
    ? {
        ...empty,
        from: filter.from === undefined ? '' : String(filter.from),
        to: filter.to === undefined ? '' : String(filter.to),
      }
    : empty
}

/** The filter, or in a sentence what it still lacks. */
export function filterOf(draft: FilterDraft, schema: Schema | undefined): Filter | string {
  const column = columnOf(schema, draft)
  if (!column) return 'Choose a column.'
  const { is } = draft
  switch (is) {
    case 'known':
    case 'missing':
      return { table: draft.table, column: column.name, is }
    case 'in':
    case 'not-in':
      return membershipOf(draft, is, column)
    case 'between':
      return rangeOf(draft, column)
    case 'equal':
    case 'not-equal':
      return equalityOf(draft, is, column)
  }
}

function membershipOf({ table, values }: FilterDraft, is: 'in' | 'not-in', { name }: Column): Filter | string {
  return values.length === 0 ? `Choose values of ${name}.` : { table, column: name, is, values }
}

/** Between two limits, one of which may be left open. */
function rangeOf({ table, ...draft }: FilterDraft, column: Column): Filter | string {
  const from = typed(draft.from, column)
  const to = typed(draft.to, column)
  if (from === undefined && to === undefined) return `Give ${column.name} a lower or an upper limit.`
  if (from !== undefined && to !== undefined && from > to)
    return `The limits of ${column.name} are the wrong way round.`
  return {
    table,
    column: column.name,
    is: 'between',
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}

function equalityOf({ table, ...draft }: FilterDraft, is: 'equal' | 'not-equal', column: Column): Filter | string {
  if (column.type === 'boolean') return { table, column: column.name, is, value: draft.value === 'true' }
  const value = typed(draft.value, column)
  return value === undefined
    ? `Say what ${column.name} should ${is === 'equal' ? 'be' : 'not be'}.`
    : { table, column: column.name, is, value }
}

/** What was typed, as a value of the column; undefined when it is none. */
function typed(text: string, { type }: Column): string | number | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (type !== 'integer' && type !== 'number') return trimmed
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : undefined
}
