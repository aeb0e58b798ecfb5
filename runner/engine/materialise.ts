/** The cohort's rows as CSV: the columns as declared, without those that identify, in the dataset's order. */
import { join } from 'node:path'
import { literal, quoted } from '../../domain/sql/expr.ts'
import { cohortSql, openCohort } from './cohort.ts'
import { countCohort } from './cohort.ts'
import { openDuck } from './duckdb.ts'
import type { Answers, Request } from './request.ts'

const memoryMb = 2048

export async function count({ data, cohort }: Extract<Request, { kind: 'count' }>): Promise<Answers['count']> {
  const duck = await openDuck({ files: data.tables.map((t) => t.path), memoryMb })
  try {
    const picked = cohortSql(data, cohort)
    if (picked !== undefined) await openCohort(duck, data, cohort, '', new Set())
    return await countCohort(duck, data, cohort)
  } finally {
    duck.close()
  }
}

export async function materialise({
  data,
  cohort,
  folder,
}: Extract<Request, { kind: 'materialise' }>): Promise<Answers['materialise']> {
  const duck = await openDuck({ files: data.tables.map((t) => t.path), folders: [folder], memoryMb })
  try {
    await openCohort(duck, data, cohort, '', new Set())
    const out: Answers['materialise'] = []
    for (const [index, table] of data.schema.tables.entries()) {
      const stored = data.tables.find((t) => t.name === table.name)!
      const path = join(folder, `${index}.csv`)
      const columns = table.columns
        .filter((c) => c.role !== 'identifier')
        .map((column) =>
          column.type === 'boolean'
            ? `CASE WHEN ${quoted(column.name)} THEN 'True' WHEN NOT ${quoted(column.name)} THEN 'False' END AS ${quoted(column.name)}`
            : quoted(column.name),
        )
      const where = cohort.length === 0 ? '' : ' WHERE __subject IN (SELECT __subject FROM __cohort)'
      await duck.run(
        `COPY (SELECT ${columns.join(', ')} FROM read_parquet(${literal(stored.path)}, file_row_number = true)${where} ORDER BY file_row_number) TO ${literal(path)} (FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '')`,
      )
      const rows =
        cohort.length === 0
          ? stored.rows
          : Number((await duck.rows(`SELECT count(*) FROM read_parquet(${literal(stored.path)})${where}`))[0]![0])
      out.push({ table: table.name, file: table.file, path, rows })
    }
    return out
  } finally {
    duck.close()
  }
}
