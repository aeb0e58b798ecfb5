/**
 * CSV after RFC 4180: comma, CRLF, UTF-8 without a byte order mark, a header line.
 *
 * What a participant typed must not run as a formula when a spreadsheet opens the file. A text cell that begins with
 * `=`, `+`, `-`, `@`, tab or carriage return gets one apostrophe in front, and so does a text that already has
 * apostrophes before such a character, so that the rule can be undone: where apostrophes stand before such a character,
 * take the first away. Numbers are never touched, nor are texts that are plain numbers. Absent and null are empty; the
 * empty text is `""`.
 */
const formula = /^'*[=+\-@\t\r]/
const plainNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** The text of a value in a cell, before quoting: nested values as JSON, dangerous beginnings neutralised. */
export function cellText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return formula.test(text) && !plainNumber.test(text) ? `'${text}` : text
}

function quoted(value: unknown): string {
  const text = cellText(value)
  return value === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Columns of all rows, in the order of their first appearance. */
export function columnsOf(rows: Iterable<ReadonlyMap<string, unknown>>): string[] {
  const columns = new Set<string>()
  for (const row of rows) for (const name of row.keys()) columns.add(name)
  return [...columns]
}

/**
 * A CSV file (RFC 4180) of `rows`; rows are maps, because a column may have any name, `__proto__` too. A table without
 * columns is an empty file.
 */
export function toCsv(
  rows: readonly ReadonlyMap<string, unknown>[],
  columns: readonly string[] = columnsOf(rows),
): string {
  if (columns.length === 0) return ''
  // A lone empty cell would be an empty line, which readers skip: it is quoted.
  const line = (cells: readonly unknown[]): string => `${cells.map(quoted).join(',') || '""'}\r\n`
  return line(columns) + rows.map((row) => line(columns.map((c) => row.get(c)))).join('')
}
