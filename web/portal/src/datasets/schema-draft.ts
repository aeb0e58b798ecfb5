/** A schema while a custodian works on it: what a new reading keeps, what is wrong with it, what a file brings. */
import { DatasetSchema, Policy as PolicyShape } from '../../../../contracts/datasets.ts'
import type { Column, Policy, Schema, Table } from './data.ts'

/**
 * The proposal of a new reading, with what was decided before about the tables and columns that are still there.
 * What was `declared` in a file stands as it is: columns it leaves out stay out.
 */
export function carryOver(proposed: Schema, before: Schema | undefined, declared = false): Schema {
  if (!before) return proposed
  const column = (now: Column, old: Column | undefined): Column[] => {
    if (!old) return declared ? [] : [now]
    return [declared || old.type === now.type ? { ...now, ...old } : { ...now, ...(old.meaning ? { meaning: old.meaning } : {}), ...(old.unit ? { unit: old.unit } : {}) }]
  }
  return {
    tables: proposed.tables.map((t) => {
      const old = before.tables.find((b) => b.file === t.file)
      return old ? { ...t, name: old.name, ...(old.meaning ? { meaning: old.meaning } : {}), oneRowPerSubject: old.oneRowPerSubject, columns: t.columns.flatMap((c) => column(c, old.columns.find((o) => o.name === c.name))) } : t
    }),
    images: declared ? before.images : proposed.images.map((i) => before.images.find((b) => b.name === i.name) ?? i),
  }
}

export interface Fault { table: number; column?: number; message: string }
const number = (c: Column): boolean => c.type === 'integer' || c.type === 'number'

function faultsOf(t: Table, table: number, all: readonly Table[]): Fault[] {
  const out: Fault[] = []
  const at = (message: string, column?: number) => out.push({ table, message, ...(column === undefined ? {} : { column }) })
  if (!/^[a-z][a-z0-9_]{0,59}$/.test(t.name)) at('The table’s name begins with a lower-case letter and has only lower-case letters, digits and _.')
  if (all.some((o, i) => i < table && o.name === t.name)) at('Another table has this name.')
  const subjects = t.columns.filter((c) => c.role === 'subject').length
  if (subjects === 0) at('No column says whose row it is. Give one the role “subject”.')
  if (subjects > 1) at('Only one column can say whose row it is.')
  t.columns.forEach((c, i) => {
    if (c.type === 'category' && !c.role && !c.categories?.length) at('A category needs its categories.', i)
    if (c.minimum !== undefined && c.maximum !== undefined && (number(c) ? Number(c.minimum) > Number(c.maximum) : String(c.minimum) > String(c.maximum))) at('The minimum is above the maximum.', i)
    if (number(c) && [c.minimum, c.maximum].some((b) => b !== undefined && !Number.isFinite(Number(b)))) at('Bounds of a number are numbers.', i)
  })
  return out
}

/** What has to be mended before it can be published; the server checks it again. */
export const faults = (s: Schema): Fault[] => s.tables.flatMap((t, i, all) => faultsOf(t, i, all))

/** A bound as it was typed: a number where the type is one, text otherwise, nothing when empty. */
export function boundOf(type: Column['type'], text: string): number | string | undefined {
  const t = text.trim()
  if (t === '') return undefined
  return (type === 'integer' || type === 'number') && Number.isFinite(Number(t)) ? Number(t) : t
}

/** Reads a `dataset.json`: a schema alone, or `{ schema, policy }`. Throws an error that a person can read. */
export function readDatasetJson(text: string): { schema?: Schema; policy?: Policy } {
  let json: unknown
  try { json = JSON.parse(text.replace(/^\uFEFF/, '')) } catch (e) { throw new Error(`This is not JSON: ${(e as Error).message}`, { cause: e }) }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('A dataset.json is an object with “schema”, or with “tables”.')
  const object = json as Record<string, unknown>
  const given = 'tables' in object ? { tables: object['tables'], images: object['images'] ?? [] } : object['schema']
  if (given === undefined && object['policy'] === undefined) throw new Error('There is neither “schema” nor “tables” nor “policy” in it.')
  const say = (what: string, issues: readonly { path: PropertyKey[]; message: string }[]): never => {
    const [first] = issues
    throw new Error(`The ${what} does not fit at ${first!.path.map(String).join('.') || 'its top'}: ${first!.message}.`)
  }
  const schema = given === undefined ? undefined : DatasetSchema.safeParse(given)
  const policy = object['policy'] === undefined ? undefined : PolicyShape.safeParse(object['policy'])
  if (schema && !schema.success) say('schema', schema.error.issues)
  if (policy && !policy.success) say('policy', policy.error.issues)
  return { ...(schema?.data ? { schema: schema.data } : {}), ...(policy?.data ? { policy: policy.data } : {}) }
}
