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

const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/
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
  const trimmed = text.trim()
  if (missing.has(trimmed)) return null
  const known = truth.get(trimmed)
  if (known !== undefined) return known
  if (!number.test(trimmed)) return text
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : null
}

/**
 * A table of `text`, or what is wrong with it; a first column without a name (row names of R and pandas) is called
 * `row`. `limits.rows` counts rows below the header.
 */
export function parseCsv(text: string, limits: { rows: number; columns: number }): CsvTable | CsvProblem {
  const records = recordsOf(text, limits)
  if (typeof records === 'string') return records
  const [header, ...rows] = records
  if (!header) return 'no-header'
  const columns = header.map((name, i) => (name.trim() === '' && i === 0 ? 'row' : name.trim()))
  if (columns.includes('')) return 'no-header'
  if (new Set(columns).size !== columns.length) return 'duplicate-name'
  if (rows.some((row) => row.length !== columns.length)) return 'ragged'
  return { columns, rows: rows.map((row) => row.map(scalarOf)) }
}

/** The cells of each line that is not empty. */
function recordsOf(text: string, limits: { rows: number; columns: number }): string[][] | CsvProblem {
  const records: string[][] = []
  let record: string[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let open = true
  while (open) {
    const cell = cellAt(text, at)
    if (cell === undefined) return 'unclosed-quote'
    record.push(cell.text)
    if (record.length > limits.columns) return 'too-many-columns'
    at = cell.end
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
  return records
}

/** The cell that begins at `start`, and where it ends; undefined when a quote is not closed. */
function cellAt(text: string, start: number): { text: string; end: number } | undefined {
  const quoted = text[start] === '"' ? quotedAt(text, start + 1) : { text: '', end: start }
  if (!quoted) return undefined
  let end = quoted.end
  while (end < text.length && !',\n\r'.includes(text[end]!)) end++
  return { text: quoted.text + text.slice(quoted.end, end), end }
}

/** What stands between quotes, the first of which is just before `start`; two quotes are one. */
function quotedAt(text: string, start: number): { text: string; end: number } | undefined {
  let read = ''
  for (let at = start; ;) {
    const end = text.indexOf('"', at)
    if (end < 0) return undefined
    read += text.slice(at, end)
    if (text[end + 1] !== '"') return { text: read, end: end + 1 }
    read += '"'
    at = end + 2
  }
}
