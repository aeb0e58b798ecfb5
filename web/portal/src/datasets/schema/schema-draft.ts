/** A schema while a custodian works on it: what a new reading keeps, what is wrong with it, what a file brings. */
import { DatasetFileError, readDatasetFile } from '../../../../../clients/dataset-file.ts'
import { schemaFaults } from '../../../../../domain/datasets/schema-rules.ts'
import type { DatasetSchema } from '../../../../../domain/datasets/schema.ts'
import type { Column, Policy, Schema } from '../../queries/datasets.ts'

/**
 * The proposal of a new reading, with what was decided before about the tables and columns that are still there.
 * What was `declared` in a file stands as it is: columns it leaves out stay out.
 */
export function carryOver(proposed: Schema, before: Schema | undefined, declared = false): Schema {
  if (!before) return proposed
  const column = (now: Column, old: Column | undefined): Column[] => {
    if (!old) return declared ? [] : [now]
    return [
      declared || old.type === now.type
        ? { ...now, ...old }
        : { ...now, ...(old.meaning ? { meaning: old.meaning } : {}), ...(old.unit ? { unit: old.unit } : {}) },
    ]
  }
  return {
    tables: proposed.tables.map((table) => {
      const old = before.tables.find((b) => b.file === table.file)
      return old
        ? {
            ...table,
            name: old.name,
            ...(old.meaning ? { meaning: old.meaning } : {}),
            oneRowPerSubject: old.oneRowPerSubject,
            columns: table.columns.flatMap((given) =>
              column(
                given,
                old.columns.find((o) => o.name === given.name),
              ),
            ),
          }
        : table
    }),
    images: declared ? before.images : proposed.images.map((i) => before.images.find((b) => b.name === i.name) ?? i),
  }
}

/** A fault beside what caused it: a table, one of its columns, or (without either) the whole. */
export interface Fault {
  table?: number
  column?: number
  message: string
}

/** What has to be mended before it can be published; the server checks the same. */
export function faults(schema: Schema): Fault[] {
  const named = schema.tables.flatMap((inTable, table): Fault[] =>
    /^[a-z][a-z0-9_]{0,59}$/.test(inTable.name)
      ? []
      : [
          {
            table,
            message: 'The table’s name begins with a lower-case letter and has only lower-case letters, digits and _',
          },
        ],
  )
  return [
    ...named,
    ...schemaFaults(schema as DatasetSchema).map(({ path, message, expected }): Fault => {
      const [, kind, table, , column] = path.split('/')
      const words = expected ? `${message}. Expected: ${expected}` : message
      return kind !== 'tables'
        ? { message: words }
        : {
            table: Number(table),
            message: words,
            ...(column !== undefined && /^\d+$/.test(column) ? { column: Number(column) } : {}),
          }
    }),
  ]
}

/** A bound as it was typed: a number where the type is one, text otherwise, nothing when empty. */
export function boundOf(type: Column['type'], text: string): number | string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  return (type === 'integer' || type === 'number') && Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed
}

/** Reads a `dataset.json`, or a schema alone. Throws an error that a person can read. */
export function readDeclared(text: string): { schema?: Schema; policy?: Policy } {
  const plain = text.replace(/^\uFEFF/, '')
  const bare = /^\s*\{[^{[]*"tables"/.test(plain)
  try {
    const { schema, policy } = readDatasetFile(bare ? `{"schema":${plain}}` : plain)
    return { ...(schema ? { schema } : {}), ...(/"policy"/.test(plain) ? { policy } : {}) }
  } catch (e) {
    if (!(e instanceof DatasetFileError)) throw e
    throw new Error([e.message, ...e.faults.slice(0, 5).map((f) => `${f.path}: ${f.message}.`)].join(' '), { cause: e })
  }
}
