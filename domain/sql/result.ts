/** The result of an aggregate query with what the gate needs beside it. It stays in quarantine. */
import type { Scalar } from '../jobs/outputs.ts'

export type Aggregate = 'count' | 'count-subjects' | 'sum' | 'mean' | 'variance' | 'deviation' | 'median' | 'quantile' | 'correlation' | 'slope' | 'intercept' | 'expression'
export interface QueryColumn {
  name: string
  kind: 'group' | 'count' | 'value'
  aggregate?: Aggregate
  /** Quantile asked for, between 0 and 1. */
  quantile?: number
  /** Declared bounds of what is aggregated: noise clamps to them. */
  low?: number
  high?: number
}
/** What the rules look at, per row and value column; contributions are summed per subject, absolute. */
export interface Contributions { largest: number; second: number; total: number; allEqual: boolean }
export interface QueryRow {
  values: Scalar[]
  /** Distinct subjects behind the row, and behind each value column (those with a value). */
  subjects: number
  columnSubjects: number[]
  contributions: (Contributions | null)[]
  /** Sum of the subjects' hashes: equal sets have equal fingerprints. */
  fingerprint: string
  /** Grouping columns that are rolled up in this row (ROLLUP, CUBE, GROUPING SETS), as indices of columns. */
  rolledUp: number[]
}
export interface QueryResult {
  columns: QueryColumn[]
  rows: QueryRow[]
  cohort: { subjects: number; fingerprint: string }
  /** Canonical text that selects the subjects of row i again: `selection` with the row's group values. For `Engine.difference`. */
  selections: string[]
  mode: 'rules' | 'noise'
  truncated: boolean
}
