/**
 * The real table of a synthesis as rows of text: whatever it was stored as, only the columns that the plan keeps, a
 * column or all of them at a time, never whole in memory.
 */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { readCsv } from '../domain/datasets/csv.ts'
import { SynthesisError } from '../domain/synthesis/errors.ts'
import type { TableFormat } from '../domain/synthesis/manifest.ts'
import type { LinkTo } from '../domain/jobs/manifest.ts'
import { Unreadable } from '../ports/engine.ts'
import { literal, quoted } from '../domain/sql/expr.ts'
import { type Duck, openDuck } from './engine/duckdb.ts'
import { fileFault, textSource } from './engine/files.ts'
import type { RunnerIo } from './io.ts'

const memoryMb = 2048
const chunkBytes = 4 * 1024 * 1024
const quote = 34
const lineFeed = 10

/** Rows of a CSV file of any size, cut where a line ends outside of quotes. */
export async function* rowsOf(path: string): AsyncGenerator<string[]> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    let inside = false
    let end = 0
    for (let i = 0; i < bytes.length; i++)
      if (bytes[i] === quote) inside = !inside
      else if (bytes[i] === lineFeed && !inside) end = i + 1
    for (const { cells } of readCsv(bytes.toString('utf8', 0, end))) yield cells
    rest = bytes.subarray(end)
  }
  for (const { cells } of readCsv(rest.toString('utf8'))) yield cells
}

/**
 * As the reading of an upload has it (runner/engine/read.ts): spaces around a value are not its own, and some words
 * mean missing. Here and not in SQL: hundreds of such expressions in one statement take gigabytes.
 */
const missing = /^(|na|n\/a|nan|null|none|\.)$/i
function withoutSpaces(text: string): string {
  let [from, to] = [0, text.length]
  while (text[from] === ' ') from++
  while (to > from && text[to - 1] === ' ') to--
  return text.slice(from, to)
}
const clean = (cell: string): string => {
  const text = withoutSpaces(cell)
  return missing.test(text) ? '' : text
}

/** Begins every line of what is written here, so that a row whose only value is missing is still a line. */
const mark = '1 AS "__row"'

export interface RealTable {
  /** Rows with the values of these columns, in this order; missing values are empty. */
  rows(columns: readonly string[]): AsyncGenerator<string[]>
  close(): void
}

/** Where a column's text comes from, by its name. */
async function columnsOf(
  duck: Duck,
  path: string,
  format: TableFormat,
): Promise<{ from: string; expression: (name: string) => string | undefined }> {
  if (format === 'stored') {
    const from = `read_parquet(${literal(path)})`
    const names = new Set((await duck.rows(`DESCRIBE SELECT * FROM ${from}`)).map((r) => String(r[0])))
    return { from, expression: (name) => (names.has(name) ? `CAST(${quoted(name)} AS VARCHAR)` : undefined) }
  }
  const { names, source } = await textSource(duck, { file: `table.${format}`, path })
  return {
    from: source,
    expression: (name) => {
      const at = names.indexOf(name)
      return at < 0 ? undefined : `c${at}`
    },
  }
}

/**
 * Fetches a table into `folder` and opens it. Throws SynthesisError by column for what is not there, or a file that
 * cannot be read.
 */
export async function openTable(io: RunnerIo, link: LinkTo, format: TableFormat, folder: string): Promise<RealTable> {
  const path = join(folder, format === 'csv' ? 'table.csv' : 'table.parquet')
  await io.save(link, path)
  const duck = await openDuck({ files: [path], folders: [folder], memoryMb })
  const faulty = (error: unknown): unknown => {
    const fault = error instanceof SynthesisError ? error : fileFault('', error, format !== 'csv')
    return fault instanceof Unreadable
      ? new SynthesisError('wrong_table', `${fault.line === undefined ? '' : `Line ${fault.line}: `}${fault.message}`)
      : fault
  }
  try {
    const { from, expression } = await columnsOf(duck, path, format)
    let files = 0
    return {
      async *rows(columns) {
        const out = join(folder, `part-${files++}.csv`)
        const wanted = columns.map((name, index) => {
          const sql = expression(name)
          if (sql === undefined)
            throw new SynthesisError('wrong_table', `The table has no column “${name}”`, { column: name })
          return `${sql} AS "v${index}"`
        })
        try {
          await duck.run(
            `COPY (SELECT ${[mark, ...wanted].join(', ')} FROM ${from}) TO ${literal(out)} (FORMAT csv, HEADER false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '')`,
          )
        } catch (e) {
          throw faulty(e)
        }
        for await (const [, ...cells] of rowsOf(out)) yield format === 'stored' ? cells : cells.map(clean)
      },
      close: () => duck.close(),
    }
  } catch (e) {
    duck.close()
    throw faulty(e)
  }
}
