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

export const selectionText = (s: Selection): string => canonical(s)
/** The selection of a whole cohort: what `Engine.difference` takes beside a `QueryResult`'s. */
export const selectionOfCohort = (cohort: Cohort): string => selectionText({ cohort })
/** The selection of one set of a row. */
export const selectionOfSet = (row: string, set: number): string => selectionText({ ...parseSelection(row), set })

/** The subjects whose own fingerprint is one of `digests`: nobody for none. */
export const selectionOfDigests = (digests: string[]): string => selectionText({ cohort: [], digests })

/** Reads a selection; throws on what is not one. */
export function parseSelection(text: string): Selection {
  const v = JSON.parse(text) as Partial<Selection>
  if (Array.isArray(v.digests)) return { cohort: [], digests: v.digests.filter((d) => /^[0-9a-f]{16}$/.test(d)) }
  if (!Array.isArray(v.cohort)) throw new TypeError('not a selection')
  return {
    cohort: v.cohort,
    ...(typeof v.sql === 'string' ? { sql: v.sql } : {}),
    ...(Array.isArray(v.keys) ? { keys: v.keys } : {}),
    ...(Array.isArray(v.rolledUp) ? { rolledUp: v.rolledUp } : {}),
    ...(typeof v.set === 'number' ? { set: v.set } : {}),
  }
}
