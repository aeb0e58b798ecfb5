/** The result of an aggregate query with what the gate needs beside it. It stays in quarantine. */
import type { Scalar } from '../release/outputs.ts'
import type { Formula } from './formula.ts'

export type Aggregate =
  | 'count'
  | 'count-subjects'
  | 'sum'
  | 'mean'
  | 'variance'
  | 'deviation'
  | 'median'
  | 'quantile'
  | 'correlation'
  | 'slope'
  | 'intercept'
  | 'covariance'
  | 'expression'
export interface QueryColumn {
  name: string
  kind: 'group' | 'count' | 'value'
  aggregate?: Aggregate
  /** Quantile asked for, between 0 and 1. */
  quantile?: number
  /**
   * A group that is a condition of the statement’s own making, not a column: which of its values nobody has is a fact
   * about people.
   */
  made?: true
  /** Declared bounds of what is aggregated: noise clamps to them. For a group, every value it can have. */
  low?: number
  high?: number
  values?: (string | number | boolean)[]
  /** The set (index into `QueryRow.sets`) whose subjects are counted or aggregated; none for the whole row. */
  set?: number
  /** What is aggregated is made of several columns that may be missing: an index of `QueryRow.mixed`. */
  mixed?: number
  /** What is aggregated has two values, and `set` are the subjects with the larger one. */
  indicator?: boolean
  /** Counts values of a plain column: how many are missing is shown in steps of `minimumSubjects` alone. */
  presence?: boolean
  /** Not asked for by itself, only as part of an expression. */
  hidden?: boolean
  /** For an expression: made by the gate from what it releases. A measure is an index of columns. */
  formula?: Formula
}
/**
 * What the rules look at, per row and value column; contributions are summed per subject, absolute. `largest` and
 * `second` may be upper bounds when those already pass.
 */
export interface Contributions {
  largest: number
  second: number
  total: number
  allEqual: boolean
}
/**
 * Subjects of a part of a row: those that a FILTER, a CASE or a value that is not missing picks. `apart`: subjects in
 * this part and not in another part (by its index), or the reverse; -1 is the whole row.
 */
export interface QuerySet {
  subjects: number
  fingerprint: string
  /** The same over subjects alone, where rows count as well. */
  people?: string
  /** What picks it, as a digest. */
  asked?: string
  /** Says only that a column is not missing. */
  natural?: true
  apart: { other: number; subjects: number }[]
}
export interface QueryRow {
  values: Scalar[]
  /** Rows of the data behind it: these add up over groups, subjects may not. */
  rows: number
  /** Distinct subjects behind the row, and behind each value column (those with a value). */
  subjects: number
  columnSubjects: number[]
  contributions: (Contributions | null)[]
  /** XOR of the subjects' hashes: equal sets have equal fingerprints. 16 hex digits. */
  fingerprint: string
  /** What picks the row, as a digest; empty when no condition does that values of people decide. */
  asked?: string
  /** The fingerprint of the subjects alone, where `fingerprint` is of their rows. */
  people?: string
  sets: QuerySet[]
  /** For each combination of columns: subjects of the row who have all of them. */
  mixed?: number[]
  /** Grouping columns that are rolled up in this row (ROLLUP, CUBE, GROUPING SETS), as indices of columns. */
  rolledUp: number[]
  /** For `noise`: integers that noise is added to, per column, as decimal digits. */
  exact?: (string[] | null)[]
}
/**
 * For `noise`: how a column's number is made of its noisy parts. Each part is a sum over subjects of integers of at
 * most `bounds[i]`.
 */
export interface NoisePlan {
  column: number
  kind: 'count' | 'sum' | 'mean' | 'variance' | 'deviation' | 'quantile'
  bounds: number[]
  low: number
  high: number
  scale: number
  quantile?: number
}
export interface QueryResult {
  columns: QueryColumn[]
  rows: QueryRow[]
  cohort: { subjects: number; fingerprint: string }
  /** Canonical text that selects the subjects of row i again. For `Engine.difference`. */
  selections: string[]
  mode: 'rules' | 'noise'
  truncated: boolean
  /** Applied to what is released, never before. */
  order?: { column: number; descending: boolean }[]
  limit?: number
  /** For `noise`: how many rows a subject can be in, whether the groups were declared beforehand, and the parts. */
  noise?: { rowsPerSubject: number; declaredGroups: boolean; parts: NoisePlan[] }
}
