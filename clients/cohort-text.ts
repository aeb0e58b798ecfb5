/**
 * Cohort filters as people type them: `subjects.age>=60`, `subjects.sex=female`, `subjects.site=Aarhus,Bologna`,
 * `subjects.age=60..70`, `outcomes.moca?`.
 */
import type { Column, DatasetSchema } from '../domain/datasets/schema.ts'
import type { Cohort } from '../domain/datasets/cohort.ts'

/** What was wrong with a filter, in a sentence for a person. */
export class FilterError extends Error {
  override name = 'FilterError'
}

const form = 'table.column followed by =value, !=value, =a,b, =low..high, >=low, <=high, ? (known) or !? (missing)'

/** The column that a text begins with; the longest name wins, so that names may hold any character. */
function columnOf(text: string, schema: DatasetSchema): { table: string; column: Column; rest: string } {
  const known = schema.tables
    .flatMap(({ name, columns }) =>
      columns.map((column) => ({ table: name, column, begins: `${name}.${column.name}` })),
    )
    .filter(({ begins }) => text.startsWith(begins) && /^\s*(!=|>=|<=|=|!\?|\?)/.test(text.slice(begins.length)))
  const found = known.sort((a, b) => b.begins.length - a.begins.length)[0]
  if (!found) throw new FilterError(`"${text}" names no column of the dataset, or no comparison. Write ${form}.`)
  return { table: found.table, column: found.column, rest: text.slice(found.begins.length).trim() }
}

/** A value in the declared type of its column. */
function valueOf(text: string, { name, type }: Column): string | number | boolean {
  if (type === 'integer' || type === 'number') {
    const value = Number(text)
    if (text === '' || !Number.isFinite(value)) throw new FilterError(`${name} is a number, "${text}" is none.`)
    return value
  }
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw new FilterError(`${name} is true or false, not "${text}".`)
    return text === 'true'
  }
  return text
}

function orderedValueOf(text: string, column: Column): string | number {
  const value = valueOf(text, column)
  if (typeof value === 'boolean') throw new FilterError('true and false have no order.')
  return value
}

/** Both ends of `FROM..TO`; undefined for what is none. */
function endsOf(text: string): [from: string, to: string] | undefined {
  const dots = text.indexOf('..', 1)
  return dots > 0 && dots + 2 < text.length ? [text.slice(0, dots), text.slice(dots + 2)] : undefined
}

/**
 * One filter, with its values in the declared type of its column. A value with commas or dots that is one of the
 * column's categories is that category.
 *
 * @throws {FilterError} when it names no column, compares with nothing, or with a value of another type.
 */
export function parseFilter(text: string, schema: DatasetSchema): Cohort[number] {
  const { table, column: declared, rest } = columnOf(text.trim(), schema)
  const column = declared.name
  if (rest === '?') return { table, column, is: 'known' }
  if (rest === '!?') return { table, column, is: 'missing' }
  const [, sign = '', given = ''] = /^(!=|>=|<=|=)\s*([\s\S]*)$/.exec(rest) ?? []
  if (sign === '' || given === '') throw new FilterError(`"${text}" compares with nothing. Write ${form}.`)
  if (sign === '>=') return { table, column, is: 'between', from: orderedValueOf(given, declared) }
  if (sign === '<=') return { table, column, is: 'between', to: orderedValueOf(given, declared) }
  const range = endsOf(given)
  if (range && sign === '=' && declared.type !== 'text' && declared.type !== 'category') {
    const [from, to] = [orderedValueOf(range[0], declared), orderedValueOf(range[1], declared)]
    return { table, column, is: 'between', from, to }
  }
  const isCategory = declared.categories?.includes(given)
  if (given.includes(',') && !isCategory)
    return {
      table,
      column,
      is: sign === '=' ? 'in' : 'not-in',
      values: given.split(',').map((value) => orderedValueOf(value.trim(), declared)),
    }
  return { table, column, is: sign === '=' ? 'equal' : 'not-equal', value: valueOf(given, declared) }
}
