/** A statement's syntax tree, by DuckDB's own parser. */
import { literal } from '../../domain/sql/expr.ts'
import { type Duck, openDuck } from './duckdb.ts'

const parserMb = 256

/** The statement's AST. Parsing runs nothing of it. */
export async function parse(sql: string): Promise<unknown> {
  const duck = await openDuck({ files: [], memoryMb: parserMb, threads: 1 })
  try {
    return await parseWith(duck, sql)
  } finally {
    duck.close()
  }
}
/** The same, by a database that is open already. */
export async function parseWith(duck: Duck, sql: string): Promise<unknown> {
  if (sql.length > 50_000 || sql.includes('\0')) return { error: true, error_type: 'parser' }
  return JSON.parse((await duck.rows(`SELECT json_serialize_sql(${literal(sql)})`))[0]![0] as string) as unknown
}
