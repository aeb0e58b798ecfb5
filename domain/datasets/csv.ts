/**
 * CSV as data (RFC 4180): what is written reads back as the same cells. For files that programs read, not spreadsheets
 * (clients/results/csv.ts guards those).
 */

export type CsvCell = string | number | boolean | null | undefined

// The empty text is quoted, so that it stays different from a missing value.
const quoted = (v: CsvCell): string => {
  if (v === null || v === undefined) return ''
  const text = String(v)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One line with its end. A line that would be empty is written as `""`, because readers skip empty lines. */
export const csvLine = (cells: readonly CsvCell[]): string => `${cells.map(quoted).join(',') || '""'}\n`

/** A whole file. */
export const writeCsv = (head: readonly string[], rows: Iterable<readonly CsvCell[]>): string => {
  let out = csvLine(head)
  for (const row of rows) out += csvLine(row)
  return out
}

/**
 * The lines of a file, each with the number of the line it begins on (from 1). Lenient: a quote inside an unquoted cell
 * is itself; empty lines are left out.
 */
export function* readCsv(text: string): Generator<{ line: number; cells: string[] }> {
  let cells: string[] = []
  let cell = ''
  let inside = false
  let line = 1
  let begun = 1
  const t = text.startsWith('\ufeff') ? text.slice(1) : text
  for (let i = 0; i <= t.length; i++) {
    const c = t[i]
    if (inside) {
      if (c === undefined) {
        inside = false
        i--
        continue
      }
      if (c === '"' && t[i + 1] === '"') {
        cell += '"'
        i++
      } else if (c === '"') inside = false
      else {
        cell += c
        if (c === '\n') line++
      }
      continue
    }
    if (c === '"' && cell === '') inside = true
    else if (c === ',') {
      cells.push(cell)
      cell = ''
    } else if (c === '\n' || c === undefined) {
      if (cell.endsWith('\r')) cell = cell.slice(0, -1)
      cells.push(cell)
      if (cells.length > 1 || cells[0] !== '') yield { line: begun, cells }
      cells = []
      cell = ''
      line++
      begun = line
    } else cell += c
  }
}
