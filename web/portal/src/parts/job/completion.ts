/**
 * What the editor offers while a question is typed: the dataset's columns by their bare names in SQL, and in scripts
 * its files and columns inside quotation marks.
 */
import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  type CompletionSource,
  ifNotIn,
} from '@codemirror/autocomplete'
import type { Language } from '../../../../../domain/datasets/policy.ts'
import type { Column, Schema } from '../../queries/datasets.ts'
import { sqlName } from '../snippets.ts'

/** What stands beside a column in the list, and what is said about it to its right. */
export const completionOf = (column: Column, label = column.name): Completion => ({
  label,
  type: 'property',
  detail: [column.type, column.unit].filter(Boolean).join(', '),
  ...(column.meaning ? { info: column.meaning } : {}),
})

/** Each column once, with the tables that have it. Identifiers are left out: no code is handed them. */
function columnsOf(schema: Schema): { column: Column; tables: string[] }[] {
  const found = new Map<string, { column: Column; tables: string[] }>()
  for (const table of schema.tables)
    for (const column of table.columns) {
      if (column.role === 'identifier') continue
      const known = found.get(column.name)
      if (known) known.tables.push(table.name)
      else found.set(column.name, { column, tables: [table.name] })
    }
  return [...found.values()]
}

/**
 * Columns of tables that the statement names come first. After a dot the language's own source knows better which table
 * is meant.
 */
function sqlColumns(schema: Schema): CompletionSource {
  const all = columnsOf(schema)
  return ifNotIn(
    ['String', 'QuotedIdentifier', 'LineComment', 'BlockComment'],
    (context: CompletionContext): CompletionResult | null => {
      const word = context.matchBefore(/[\w"]*$/)
      if (
        !word ||
        (word.from === word.to && !context.explicit) ||
        context.state.sliceDoc(word.from - 1, word.from) === '.'
      )
        return null
      const statement = context.state.doc.toString().toLowerCase()
      const named = new Set(
        schema.tables.filter((t) => new RegExp(`\\b${t.name}\\b`).test(statement)).map((t) => t.name),
      )
      return {
        from: word.from,
        validFor: /^[\w"]*$/,
        options: all.map(({ column, tables }) => ({
          ...completionOf(column, sqlName(column.name)),
          boost: tables.some((t) => named.has(t)) ? 20 : 10,
        })),
      }
    },
  )
}

/** Inside quotation marks: columns, declared categories, paths below `DATA_ROOT` and what the environment names. */
function scriptStrings(dataset: string, schema: Schema): CompletionSource {
  const files: Completion[] = [
    ...schema.tables.map((t) => ({ path: t.file, info: t.meaning })),
    ...schema.images.flatMap((i) => i.masks.map((path) => ({ path, info: `Region mask of ${i.name}` }))),
  ].map(({ path, info }) => ({ label: `/catalogs/${dataset}/${path}`, type: 'text', ...(info ? { info } : {}) }))
  const environment: Completion[] = [
    { label: 'DATA_ROOT', info: 'The folder with the dataset’s files' },
    { label: 'CLOISTER_OUTPUT', info: 'The folder to write results to' },
    { label: 'CLOISTER_PARAMETERS', info: 'The file with the parameters, JSON' },
  ].map((c) => ({ ...c, type: 'constant' }))
  const columns = columnsOf(schema).map(({ column }) => completionOf(column))
  const categories = new Set(columnsOf(schema).flatMap(({ column }) => (column.categories ?? []).slice(0, 50)))
  const options = [
    ...columns,
    ...files,
    ...environment,
    ...[...categories].map((label): Completion => ({ label, type: 'enum', boost: -10 })),
  ]
  return (context) => {
    const quoted = context.matchBefore(/["'`][^"'`\n]*$/)
    if (!quoted) return null
    // An even number of marks before it: the text stands between two strings, not in one.
    const before = context.state.doc
      .lineAt(context.pos)
      .text.slice(0, quoted.from - context.state.doc.lineAt(context.pos).from)
    if ((before.match(/["'`]/g)?.length ?? 0) % 2 === 1) return null
    return { from: quoted.from + 1, validFor: /^[^"'`\n]*$/, options }
  }
}

/** The source for a language; SQL's tables and keywords, and what stands after a dot, come from the language itself. */
export const completionsOf = (language: Language, dataset: string, schema: Schema): CompletionSource =>
  language === 'sql' ? sqlColumns(schema) : scriptStrings(dataset, schema)
