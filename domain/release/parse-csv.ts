/** CSV as RFC 4180 has it, from files that nobody vouches for: a table or a reason, never an exception. */
import type { Scalar } from './outputs.ts'

export type CsvProblem =
  | 'no-header'
  | 'ragged'
  | 'unclosed-quote'
  | 'too-many-rows'
  | 'too-many-columns'
  | 'duplicate-name'
export interface CsvTable {
  columns: string[]
  rows: Scalar[][]
}

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/
const missing = new Set(['', 'NA', 'NaN', 'nan', 'NULL', 'null', 'None', 'Inf', '-Inf', 'inf', '-inf'])
const truth = new Map([
  ['TRUE', true],
  ['True', true],
  ['true', true],
  ['FALSE', false],
  ['False', false],
  ['false', false],
])

/**
 * Text of a cell as a value: numbers, truth values, missing (also what is not finite), otherwise text. Quoted cells are
 * read alike: R quotes only text, Python only where it must.
 */
export function scalarOf(text: string): Scalar {
  const t = text.trim()
  if (missing.has(t)) return null
  const known = truth.get(t)
  if (known !== undefined) return known
  if (!number.test(t)) return text
  const n = Number(t)
  return Number.isFinite(n) ? n : null
}

/** A table of `text`; a first column without a name (row names of R and pandas) is called `row`. */
export function parseCsv(text: string, limits: { rows: number; columns: number }): CsvTable | CsvProblem {
  const records: string[][] = []
  let record: string[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  for (let open = true; open;) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; ;) {
        const end = text.indexOf('"', at)
        if (end < 0) return 'unclosed-quote'
        cell += text.slice(at, end)
        at = end + 1
        if (text[at] !== '"') break
        cell += '"'
        at++
      }
    }
    let end = at
    while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++
    cell += text.slice(at, end)
    record.push(cell)
    if (record.length > limits.columns) return 'too-many-columns'
    at = end
    if (text[at] === ',') {
      at++
      continue
    }
    if (record.length > 1 || record[0] !== '') records.push(record)
    if (records.length > limits.rows + 1) return 'too-many-rows'
    record = []
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    open = at < text.length
  }
  const header = records.shift()
  if (!header) return 'no-header'
  const columns = header.map((name, i) => (name.trim() === '' && i === 0 ? 'row' : name.trim()))
  if (columns.includes('')) return 'no-header'
  if (new Set(columns).size !== columns.length) return 'duplicate-name'
  if (records.some((r) => r.length !== columns.length)) return 'ragged'
  return { columns, rows: records.map((r) => r.map(scalarOf)) }
}
