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
  const out = new Map<string, string>()
  for (const { columns, ...t } of schema.tables) {
    out.set(t.name, canonical(t))
    for (const c of columns) out.set(`${t.name}.${c.name}`, canonical(c))
  }
  for (const f of schema.images) out.set(`images ${f.name}`, canonical(f))
  return out
}

/**
 * Declarations of `after` that `before` does not have, the other way round, and those under one name that differ. Order
 * does not matter.
 */
export function diffSchemas(before: DatasetSchema, after: DatasetSchema): SchemaDiff {
  const a = named(before)
  const b = named(after)
  return {
    added: [...b.keys()].filter((k) => !a.has(k)),
    removed: [...a.keys()].filter((k) => !b.has(k)),
    changed: [...b].filter(([k, text]) => a.has(k) && a.get(k) !== text).map(([k]) => k),
  }
}
