/** CSV (RFC 4180) cut by rows without rewriting them: a run's file holds the very bytes of the dataset's rows. */

export interface CutTable {
  /** Header line with its line break. */
  header: Buffer
  /** Each record's bytes with its line break, whose it is, and what `wanted` columns hold. */
  rows: { start: number; end: number; subject: string; path?: string }[]
  bytes: Buffer
}

export class TableUnusable extends Error {
  override name = 'TableUnusable'
}

const quote = 34
const comma = 44
const cr = 13
const lf = 10

/** Fields of the record that begins at `start`, and where the next one begins. Quoted fields may hold line breaks. */
function record(
  bytes: Buffer,
  start: number,
  wanted: readonly number[],
): { next: number; fields: (string | undefined)[]; count: number } {
  const fields: (string | undefined)[] = wanted.map(() => undefined)
  let at = start
  let column = 0
  for (;;) {
    const from = at
    let quoted = false
    if (bytes[at] === quote) {
      quoted = true
      at++
      for (;;) {
        const found = bytes.indexOf(quote, at)
        if (found < 0) throw new TableUnusable('a quoted field does not end')
        if (bytes[found + 1] !== quote) {
          at = found + 1
          break
        }
        at = found + 2
      }
    }
    while (at < bytes.length && bytes[at] !== comma && bytes[at] !== lf && bytes[at] !== cr) at++
    const slot = wanted.indexOf(column)
    if (slot >= 0 || wanted.length === 0) {
      const text = quoted
        ? bytes.toString('utf8', from + 1, at - 1).replaceAll('""', '"')
        : bytes.toString('utf8', from, at)
      if (slot >= 0) fields[slot] = text
      else fields.push(text)
    }
    column++
    if (bytes[at] === comma) {
      at++
      continue
    }
    if (bytes[at] === cr) at++
    if (bytes[at] === lf) at++
    return { next: at, fields, count: column }
  }
}

/**
 * Reads a table once: where each record lies and whose it is. Rows without a subject belong to nobody and are left out.
 */
export function readTable(bytes: Buffer, subjectColumn: string, pathColumn?: string): CutTable {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  if (start >= bytes.length) throw new TableUnusable('a table has no header')
  const head = record(bytes, start, [])
  const index = (name: string): number => {
    const index = head.fields.indexOf(name)
    if (index < 0) throw new TableUnusable('a table lacks its subject or path column')
    return index
  }
  const wanted = pathColumn === undefined ? [index(subjectColumn)] : [index(subjectColumn), index(pathColumn)]
  const rows: CutTable['rows'] = []
  for (let at = head.next; at < bytes.length;) {
    const read = record(bytes, at, wanted)
    const [subject, path] = read.fields
    if (subject !== undefined && subject !== '')
      rows.push({ start: at, end: read.next, subject, ...(path ? { path } : {}) })
    at = read.next
  }
  return { header: bytes.subarray(start, head.next), rows, bytes }
}

/** The table with only the rows that `keep` names, and the paths they name. */
export function cutTable(table: CutTable, keep: (subject: string) => boolean): { bytes: Buffer; paths: Set<string> } {
  const pieces: Buffer[] = [table.header]
  const paths = new Set<string>()
  // Rows that follow each other are copied as one piece.
  let from = -1
  let to = -1
  const flush = (): void => {
    if (from >= 0) pieces.push(table.bytes.subarray(from, to))
  }
  for (const row of table.rows) {
    if (!keep(row.subject)) continue
    if (row.path !== undefined) paths.add(row.path)
    if (row.start === to) {
      to = row.end
      continue
    }
    flush()
    from = row.start
    to = row.end
  }
  flush()
  return { bytes: Buffer.concat(pieces), paths }
}
