/** What changed between two declared schemas, for the audit chain and for people. */
import { canonical } from '../hash.ts'
import type { DatasetSchema } from './schema.ts'

/** Names of tables, `table.column` and image folders. */
export interface SchemaDiff {
  added: string[]
  removed: string[]
  changed: string[]
}

/** Everything that can be named in a schema, with a text that changes when its declaration does. */
function named(schema: DatasetSchema): Map<string, string> {
  const texts = new Map<string, string>()
  for (const { columns, ...table } of schema.tables) {
    texts.set(table.name, canonical(table))
    for (const column of columns) texts.set(`${table.name}.${column.name}`, canonical(column))
  }
  for (const folder of schema.images) texts.set(`images ${folder.name}`, canonical(folder))
  return texts
}

/**
 * Declarations of `after` that `before` does not have, the other way round, and those under one name that differ. Order
 * does not matter.
 */
export function diffSchemas(before: DatasetSchema, after: DatasetSchema): SchemaDiff {
  const old = named(before)
  const now = named(after)
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed: [...now].filter(([name, text]) => old.has(name) && old.get(name) !== text).map(([name]) => name),
  }
}
