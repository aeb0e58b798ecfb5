/** The Adult files as the bench uses them: codes that are already whole numbers, described by schema.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Column, Domain } from '../../domain/synthesis/column-domain.ts'
import { codesFor, type Table } from '../../domain/synthesis/encode.ts'

interface SchemaColumn {
  name: string
  type: 'categorical' | 'ordinal'
  size: number
  eval_bins?: number
}
export interface Adult {
  domain: Domain
  train: Table
  test: Table
  /** Sizes and tables at the resolution at which the metrics look. */
  evalSizes: number[]
  coarse: (t: Table) => Table
  header: string
}

function read(path: string, sizes: readonly number[]): { header: string; table: Table } {
  const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\n')
  const columns = sizes.map((s) => codesFor(s, lines.length))
  for (const [row, line] of lines.entries())
    for (const [column, value] of line.trim().split(',').entries()) columns[column]![row] = Number(value)
  return { header: header!.trim(), table: { rows: lines.length, columns } }
}

/** Reads schema.json, train.csv and test.csv of a folder. */
export function readAdult(folder: string): Adult {
  const schema = JSON.parse(readFileSync(join(folder, 'schema.json'), 'utf8')) as { columns: SchemaColumn[] }
  const sizes = schema.columns.map((c) => c.size)
  const domain: Domain = {
    columns: schema.columns.map((column): Column => ({
      name: column.name,
      kind: column.type,
      categories: Array.from({ length: column.size }, (_, i) => String(i)),
    })),
  }
  const train = read(join(folder, 'train.csv'), sizes)
  const test = read(join(folder, 'test.csv'), sizes)
  const bins = schema.columns.map((c) => (c.eval_bins && c.eval_bins < c.size ? c.eval_bins : c.size))
  const coarse = (table: Table): Table => ({
    rows: table.rows,
    columns: table.columns.map((codes, i) => codes.map((x) => Math.floor((x * bins[i]!) / sizes[i]!))),
  })
  return { domain, train: train.table, test: test.table, evalSizes: bins, coarse, header: train.header }
}
