/** Tables as SQL that reads a file, and what is wrong with a file that cannot be read. */
import { open } from 'node:fs/promises'
import { EngineFailure, type Duck } from './duckdb.ts'
import { Unreadable } from '../../ports/engine.ts'
import type { LocalFile } from './request.ts'

const quote = (s: string): string => `'${s.replaceAll("'", "''")}'`
export const isParquet = (file: string): boolean => /\.(parquet|pq)$/i.test(file)

/** The first bytes and the size of a file. */
async function beginning(path: string): Promise<{ head: Buffer; size: number }> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(65_536), 0, 65_536, 0)
    return { head: buffer.subarray(0, bytesRead), size }
  } finally {
    await handle.close()
  }
}

/** How a CSV is written: its encoding, separator and header as they stand in the file. */
export interface CsvForm {
  encoding: 'utf-8' | 'utf-16' | 'latin-1'
  delimiter: string
  header: string[]
}

function split(line: string, delimiter: string): string[] {
  const out: string[] = []
  let cell = ''
  let inside = false
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!
    if (inside) {
      if (character === '"' && line[i + 1] === '"') {
        cell += '"'
        i++
      } else if (character === '"') inside = false
      else cell += character
    } else if (character === '"' && cell === '') inside = true
    else if (character === delimiter) {
      out.push(cell)
      cell = ''
    } else cell += character
  }
  return [...out, cell]
}

/** Looks at the beginning of a CSV. `Unreadable` for what cannot be a table. */
export async function csvForm({ file, path }: LocalFile): Promise<CsvForm> {
  const { head, size } = await beginning(path)
  if (size === 0) throw new Unreadable(file, 'The file is empty.')
  if (head.subarray(0, 4).toString('latin1') === 'PK\x03\x04')
    throw new Unreadable(file, 'This is a spreadsheet or a ZIP archive, not CSV. Save it as CSV (UTF-8).')
  if (head.subarray(0, 4).toString('latin1') === 'PAR1')
    throw new Unreadable(file, 'This is a Parquet file: name it .parquet.')
  if (head[0] === 0x1f && head[1] === 0x8b)
    throw new Unreadable(file, 'This file is compressed. Upload it as plain CSV.')
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  if (utf16 && head[0] === 0xfe) throw new Unreadable(file, 'The file is UTF-16 (big endian). Save it as CSV (UTF-8).')
  if (!utf16 && head.includes(0))
    throw new Unreadable(file, 'The file has NUL bytes: it is not text. Save it as CSV (UTF-8).')
  let encoding: CsvForm['encoding'] = utf16 ? 'utf-16' : 'utf-8'
  let text: string
  if (utf16) text = new TextDecoder('utf-16le').decode(head.subarray(0, head.length - (head.length % 2)))
  else {
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    } catch {
      encoding = 'latin-1'
      text = new TextDecoder('windows-1252').decode(head)
    }
  }
  const clean = text.replace(/^\ufeff/, '')
  const line = clean.split(/\r\n|\n|\r/)[0]!
  if (line.trim() === '') throw new Unreadable(file, 'The first line is empty: it must name the columns.', 1)
  const delimiter = [',', ';', '\t', '|'].map((d) => ({ d, n: split(line, d).length })).sort((a, b) => b.n - a.n)[0]!.d
  return { encoding, delimiter, header: split(line, delimiter).map((h) => h.trim()) }
}

/** Names of columns, faults of the header answered with its place. */
export function checkHeader(file: string, header: readonly string[]): void {
  const seen = new Map<string, number>()
  for (const [index, name] of header.entries()) {
    if (name === '') throw new Unreadable(file, `Column ${index + 1} has no name.`, 1)
    if (name.length > 200 || /\p{Cc}/u.test(name))
      throw new Unreadable(file, `Column ${index + 1} has a name that is too long or has control characters.`, 1)
    if (/^__(subject|row)$/i.test(name))
      throw new Unreadable(file, `Column ${index + 1} is called ${name}: that name is the platform’s own.`, 1)
    const twin = seen.get(name.normalize('NFKC').toLowerCase())
    if (twin !== undefined)
      throw new Unreadable(
        file,
        `Columns ${twin + 1} and ${index + 1} have the same name, ${name.slice(0, 60)}. Capitals do not tell names apart.`,
        1,
      )
    seen.set(name.normalize('NFKC').toLowerCase(), index)
  }
}

/** The rows of a CSV, every cell as text, columns `c0`, `c1`, ... */
export const csvSource = (path: string, form: CsvForm): string =>
  `read_csv(${quote(path)}, header = false, skip = 1, delim = ${quote(form.delimiter)}, quote = '"', escape = '"', strict_mode = true, null_padding = false, auto_detect = false, max_line_size = 4000000, parallel = false, columns = {${form.header.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')}}${form.encoding === 'utf-8' ? '' : `, encoding = ${quote(form.encoding)}`})`

/** What DuckDB says of a line of CSV, and what we say of it. */
const lineFaults: readonly (readonly [RegExp, string])[] = [
  [
    /unterminated quote|quote should be followed|quoted value/i,
    'A quoted cell does not end, or a quote stands inside a cell that is not quoted.',
  ],
  [/invalid unicode|not utf-8|encoding/i, 'A line is not valid UTF-8.'],
  [/maximum line size/i, 'A line is longer than 4 MB.'],
]

function lineFault(text: string): string {
  const cells = /Expected Number of Columns: (\d+) Found: (\d+)/i.exec(text)
  if (cells) return `A line has ${cells[2]} cells where the header has ${cells[1]}.`
  return lineFaults.find(([said]) => said.test(text))?.[1] ?? 'A line cannot be read as CSV.'
}

/** What DuckDB says of a custodian's own file, in our words: the line, and a reason without the row. */
export function fileFault(file: string, error: unknown, parquet: boolean): Unreadable {
  if (error instanceof Unreadable) return error
  const text = error instanceof EngineFailure ? error.inner : ''
  if (error instanceof EngineFailure && error.kind === 'memory-limit')
    return new Unreadable(file, 'Reading it needs more memory than the engine has.')
  if (parquet)
    return new Unreadable(
      file,
      /magic bytes|footer|too small/i.test(text)
        ? 'This is not a whole Parquet file: its beginning or end is missing.'
        : 'The Parquet file is damaged or uses a feature that cannot be read.',
    )
  const line = Number(/Line:? (\d+)/i.exec(text)?.[1] ?? NaN)
  return new Unreadable(file, lineFault(text), Number.isInteger(line) ? line : undefined)
}

/** Names and types of a Parquet file's columns. */
export async function parquetColumns(duck: Duck, { file, path }: LocalFile): Promise<{ name: string; type: string }[]> {
  const { size } = await beginning(path)
  if (size === 0) throw new Unreadable(file, 'The file is empty.')
  try {
    return (await duck.rows(`DESCRIBE SELECT * FROM read_parquet(${quote(path)})`)).map((row) => ({
      name: String(row[0]),
      type: String(row[1]),
    }))
  } catch (e) {
    throw fileFault(file, e, true)
  }
}

/** A file as columns `c0`, `c1`, ... of text, and their names. Nested columns of Parquet are refused. */
export async function textSource(duck: Duck, file: LocalFile): Promise<{ names: string[]; source: string }> {
  if (!isParquet(file.file)) {
    const form = await csvForm(file)
    checkHeader(file.file, form.header)
    return { names: form.header, source: csvSource(file.path, form) }
  }
  const columns = await parquetColumns(duck, file)
  checkHeader(
    file.file,
    columns.map((c) => c.name),
  )
  const nested = columns.find((c) => /STRUCT|MAP|LIST|\[\]|UNION|BLOB/.test(c.type))
  if (nested)
    throw new Unreadable(
      file.file,
      `The column ${nested.name.slice(0, 60)} is nested or binary (${nested.type.slice(0, 30)}): make it plain columns.`,
    )
  return {
    names: columns.map((c) => c.name),
    source: `(SELECT ${columns.map((c, i) => `CAST("${c.name.replaceAll('"', '""')}" AS VARCHAR) AS c${i}`).join(', ')} FROM read_parquet(${quote(file.path)}))`,
  }
}
