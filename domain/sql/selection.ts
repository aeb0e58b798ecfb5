/**
 * A selection of subjects as canonical text, kept in the differencing ledger: it is checked again like any query before
 * it is used.
 */
import { canonical } from '../hash.ts'
import type { Cohort } from '../datasets/cohort.ts'
import type { Scalar } from '../release/outputs.ts'

/** A cohort alone, or one row (and one of its sets) of a query on a cohort. */
export interface Selection {
  /** Those whose own fingerprint is one of these; nothing else counts then. */
  digests?: string[]
  cohort: Cohort
  sql?: string
  keys?: Scalar[]
  rolledUp?: number[]
  set?: number
}

/**
 * Canonical JSON of a selection: members that are undefined are left out. Throws a RangeError for a key that is not
 * finite.
 */
export const selectionText = (selection: Selection): string => canonical(selection)
/** The selection of a whole cohort: what `Engine.difference` takes beside a `QueryResult`'s. */
export const selectionOfCohort = (cohort: Cohort): string => selectionText({ cohort })
/** The selection of one set of a row; throws as `parseSelection` does. */
export const selectionOfSet = (row: string, set: number): string => selectionText({ ...parseSelection(row), set })

/** The subjects whose own fingerprint is one of `digests`: nobody for none. */
export const selectionOfDigests = (digests: string[]): string => selectionText({ cohort: [], digests })

/** Reads a selection. Throws a TypeError or SyntaxError on what is none; digests that are none are left out. */
export function parseSelection(text: string): Selection {
  const read = JSON.parse(text) as Partial<Selection>
  if (Array.isArray(read.digests))
    return { cohort: [], digests: read.digests.filter((digest) => /^[0-9a-f]{16}$/.test(digest)) }
  if (!Array.isArray(read.cohort)) throw new TypeError('not a selection')
  return {
    cohort: read.cohort,
    sql: typeof read.sql === 'string' ? read.sql : undefined,
    keys: Array.isArray(read.keys) ? read.keys : undefined,
    rolledUp: Array.isArray(read.rolledUp) ? read.rolledUp : undefined,
    set: typeof read.set === 'number' ? read.set : undefined,
  }
}
