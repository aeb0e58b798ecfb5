/** Synthetic rows as files: CSV, and Parquet of the same. */
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { csvLine } from '../domain/datasets/csv.ts'
import { decodeRows } from '../domain/synthesis/decode.ts'
import type { Domain } from '../domain/synthesis/column-domain.ts'
import type { Table } from '../domain/synthesis/encode.ts'
import type { SynthesisPlan } from '../domain/synthesis/plan.ts'
import { Stream } from '../domain/synthesis/stream.ts'
import { literalList, openDuck } from './engine/duckdb.ts'
import { secure } from './secure-random.ts'

const shown = (v: string | number | null): string | number | null =>
  typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(6)) : v

/** Writes the synthetic rows as CSV: the plan's columns in order, identifiers made anew as row numbers. */
export async function writeTable(
  path: string,
  plan: SynthesisPlan,
  table: Table,
  domain: Domain,
): Promise<{ sha256: string; bytes: number }> {
  const out = createWriteStream(path)
  const hash = createHash('sha256')
  const columns = plan.columns.filter((c) => c.kind !== 'identifier' || c.use === 'recreate')
  let text = csvLine(columns.map((c) => c.name))
  let bytes = 0
  let row = 0
  const flush = async (): Promise<void> => {
    const chunk = Buffer.from(text)
    hash.update(chunk)
    bytes += chunk.length
    text = ''
    if (!out.write(chunk))
      await new Promise<void>((resolve) => {
        out.once('drain', () => {
          resolve()
        })
      })
  }
  for (const values of decodeRows(table, domain, new Stream(secure()))) {
    row++
    let next = 0
    text += csvLine(columns.map((c) => (c.kind === 'identifier' ? row : shown(values[next++]!))))
    if (text.length > 1 << 20) await flush()
  }
  await flush()
  out.end()
  await finished(out)
  return { sha256: hash.digest('hex'), bytes }
}

function duckType(column: SynthesisPlan['columns'][number]): string {
  switch (column.kind) {
    case 'numeric':
      return column.integer ? 'BIGINT' : 'DOUBLE'
    case 'date':
      return 'DATE'
    case 'identifier':
      return 'BIGINT'
    default:
      return 'VARCHAR'
  }
}

/** The CSV as Parquet, its types as the domain has them. */
export async function toParquet(csv: string, parquet: string, plan: SynthesisPlan): Promise<void> {
  const columns = plan.columns
    .filter((c) => c.kind !== 'identifier' || c.use === 'recreate')
    .map((c) => `'${c.name.replaceAll("'", "''")}': '${duckType(c)}'`)
    .join(', ')
  const [from] = literalList([csv]).slice(1, -1).split(', ')
  const to = literalList([parquet]).slice(1, -1)
  const duck = await openDuck({ files: [csv, parquet], memoryMb: 2048 })
  try {
    await duck.run(
      `COPY (SELECT * FROM read_csv(${from}, header = true, columns = {${columns}})) TO ${to} (FORMAT parquet, COMPRESSION zstd)`,
    )
  } finally {
    duck.close()
  }
}
