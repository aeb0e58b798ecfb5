/**
 * Cohort filters as people type them: `subjects.age>=60`, `subjects.sex=female`, `subjects.site=Aarhus,Bologna`,
 * `subjects.age=60..70`, `outcomes.moca?`.
 */
import type { Column, DatasetSchema } from '../domain/datasets/schema.ts'
import type { Cohort } from '../domain/datasets/cohort.ts'

export class FilterError extends Error {
  override name = 'FilterError'
}

const form = 'table.column followed by =value, !=value, =a,b, =low..high, >=low, <=high, ? (known) or !? (missing)'

/** The column that a text begins with; the longest name wins, so that names may hold any character. */
function columnOf(text: string, schema: DatasetSchema): { table: string; column: Column; rest: string } {
  const known = schema.tables
    .flatMap((t) => t.columns.map((column) => ({ table: t.name, column, begins: `${t.name}.${column.name}` })))
    .filter((k) => text.startsWith(k.begins) && /^\s*(!=|>=|<=|=|!\?|\?)/.test(text.slice(k.begins.length)))
  const found = known.sort((a, b) => b.begins.length - a.begins.length)[0]
  if (!found) throw new FilterError(`"${text}" names no column of the dataset, or no comparison. Write ${form}.`)
  return { table: found.table, column: found.column, rest: text.slice(found.begins.length).trim() }
}

function valueOf(text: string, c: Column): string | number | boolean {
  if (c.type === 'integer' || c.type === 'number') {
    const n = Number(text)
    if (text === '' || !Number.isFinite(n)) throw new FilterError(`${c.name} is a number, "${text}" is none.`)
    return n
  }
  if (c.type === 'boolean') {
    if (text !== 'true' && text !== 'false') throw new FilterError(`${c.name} is true or false, not "${text}".`)
    return text === 'true'
  }
  return text
}
const ordered = (v: string | number | boolean): string | number => {
  if (typeof v === 'boolean') throw new FilterError('true and false have no order.')
  return v
}

/** One filter, with its values in the declared type of its column. Throws `FilterError` with a sentence. */
export function parseFilter(text: string, schema: DatasetSchema): Cohort[number] {
  const { table, column: c, rest } = columnOf(text.trim(), schema)
  const column = c.name
  if (rest === '?') return { table, column, is: 'known' }
  if (rest === '!?') return { table, column, is: 'missing' }
  const [, sign = '', given = ''] = /^(!=|>=|<=|=)\s*([\s\S]*)$/.exec(rest) ?? []
  if (sign === '' || given === '') throw new FilterError(`"${text}" compares with nothing. Write ${form}.`)
  if (sign === '>=') return { table, column, is: 'between', from: ordered(valueOf(given, c)) }
  if (sign === '<=') return { table, column, is: 'between', to: ordered(valueOf(given, c)) }
  const range = /^(.+?)\.\.(.+)$/.exec(given)
  if (range && sign === '=' && c.type !== 'text' && c.type !== 'category')
    return { table, column, is: 'between', from: ordered(valueOf(range[1]!, c)), to: ordered(valueOf(range[2]!, c)) }
  const declared = c.categories?.includes(given)
  if (given.includes(',') && !declared)
    return {
      table,
      column,
      is: sign === '=' ? 'in' : 'not-in',
      values: given.split(',').map((v) => ordered(valueOf(v.trim(), c))),
    }
  return { table, column, is: sign === '=' ? 'equal' : 'not-equal', value: valueOf(given, c) }
}
