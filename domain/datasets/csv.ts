/**
 * CSV as data (RFC 4180): what is written reads back as the same cells. For files that programs read, not spreadsheets
 * (clients/results/csv.ts guards those).
 */

export type CsvCell = string | number | boolean | null | undefined

// The empty text is quoted, so that it stays different from a missing value.
const quoted = (cell: CsvCell): string => {
  if (cell === null || cell === undefined) return ''
  const text = String(cell)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One line with its end. A line that would be empty is written as `""`, because readers skip empty lines. */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(quoted).join(',') || '""'}\n`

/** A whole CSV file: its header, then a line for each row. */
export const writeCsv = (head: readonly string[], rows: Iterable<readonly CsvCell[]>): string => {
  let out = csvLine(head)
  for (const row of rows) out += csvLine(row)
  return out
}

/** One line of a file: its cells, and the number of the line it begins on (from 1). */
export interface CsvLine {
  line: number
  cells: string[]
}

/**
 * The lines of a file. Lenient: a quote inside an unquoted cell is itself; a quote that is not closed ends with the
 * file; empty lines are left out.
 */
export function* readCsv(text: string): Generator<CsvLine> {
  const start = text.startsWith('\ufeff') ? 1 : 0
  let cells: string[] = []
  let line = 1
  let begun = 1
  for (let at = start; at <= text.length;) {
    const cell = cellAt(text, at)
    line += cell.lines
    at = cell.end + 1
    if (text[cell.end] === ',') {
      cells.push(cell.text)
      continue
    }
    // A carriage return before the end of the line belongs to it.
    cells.push(cell.text.endsWith('\r') ? cell.text.slice(0, -1) : cell.text)
    if (cells.length > 1 || cells[0] !== '') yield { line: begun, cells }
    cells = []
    line++
    begun = line
  }
}

/** The cell that begins at `start`: its text, where it ends, and how many ends of lines are within quotes. */
function cellAt(text: string, start: number): { text: string; end: number; lines: number } {
  let read = ''
  let lines = 0
  let at = start
  for (; at < text.length && text[at] !== ',' && text[at] !== '\n'; at++) {
    if (text[at] !== '"' || read !== '') {
      read += text[at]
      continue
    }
    const quoted = quotedAt(text, at + 1)
    read += quoted.text
    lines += quoted.text.split('\n').length - 1
    at = quoted.end
  }
  return { text: read, end: at, lines }
}

/** What stands between quotes, the first of which is just before `start`, and where the last one is; two are one. */
function quotedAt(text: string, start: number): { text: string; end: number } {
  let read = ''
  for (let at = start; ;) {
    const end = text.indexOf('"', at)
    if (end < 0) return { text: read + text.slice(at), end: text.length }
    read += text.slice(at, end)
    if (text[end + 1] !== '"') return { text: read, end }
    read += '"'
    at = end + 2
  }
}
