/**
 * The engine that touches rows: DuckDB in a Lambda, or in a limited child process on a laptop. Nothing it answers may
 * reach an analyst before the gate has seen it.
 */
import type { Column, DatasetSchema, Table } from '../domain/datasets/schema.ts'
import type { DisclosurePolicy } from '../domain/release/policy.ts'
import type { Cohort } from '../domain/datasets/cohort.ts'
import type { JobProblem } from '../domain/release/job-codes.ts'
import type { Measured } from '../domain/sql/noise-plan.ts'
import type { QueryResult } from '../domain/sql/result.ts'

/** An object of the bucket `protected`. */
export interface DataRef {
  key: string
  sha256: string
  size: number
}
/**
 * One table as it was stored at registration: Parquet, sorted by subject, with the dense subject number `__subject`.
 */
export interface StoredTable {
  name: string
  parquet: DataRef
  rows: number
  subjects: number
  /** Most rows of one subject. */
  rowsPerSubject?: number
}
export interface StoredData {
  schema: DatasetSchema
  tables: StoredTable[]
  /** Distinct subjects over all tables. */
  subjects: number
  /** Fingerprint of everybody, as `count` gives it. */
  fingerprint?: string
}

/** What reading the custodian's files found; for the custodian alone. */
export interface TableReading {
  file: string
  columns: (Column & { distinct: number; missing: number; examples: string[] })[]
  rows: number
  proposed: Table
  /** e.g. a column of mixed types: what, and the first line where. */
  warnings: string[]
}

/** Methods that read data throw `ObjectGone` when an object of it is not in the store. */
export interface Engine {
  /** Reads CSV or Parquet files and proposes a schema. Throws `Unreadable`, which names file, line and reason. */
  read(files: { file: string; data: DataRef }[]): Promise<TableReading[]>
  /**
   * Makes Parquet of the confirmed schema under `prefix`; values outside their declared type, bounds or categories
   * become missing and are counted. Throws `Unreadable` when a declared column or subject is not there.
   */
  store(
    files: { file: string; data: DataRef }[],
    schema: DatasetSchema,
    prefix: string,
  ): Promise<{ data: StoredData; outside: Record<string, number> }>
  /**
   * Distinct subjects of a cohort, and a fingerprint of the set (16 hex digits; equal sets have equal fingerprints).
   */
  count(data: StoredData, cohort: Cohort): Promise<{ subjects: number; fingerprint: string }>
  /**
   * How many subjects are in one of two selections and not in the other. Selections come from `count` (cohorts) or from
   * a `QueryResult`.
   */
  difference(data: StoredData, a: string, b: string): Promise<number>
  /** Writes the cohort's rows as CSV, one file a table, under `prefix`; identifier columns are left out. */
  materialise(data: StoredData, cohort: Cohort, prefix: string): Promise<{ file: string; key: string; rows: number }[]>
  /**
   * Static check of a query against the schema: no data is touched. What is wrong with it, or that it may run; under
   * noise with what it would measure.
   */
  validate(
    sql: string,
    schema: DatasetSchema,
    mode: 'rules' | 'noise',
  ): Promise<{ problem: JobProblem & { message?: string } } | { measured?: Measured }>
  /**
   * Computes an aggregate query on a cohort, with the platform's own counts beside each cell. Problems are answered,
   * never thrown with a text.
   */
  query(
    data: StoredData,
    cohort: Cohort,
    sql: string,
    mode: 'rules' | 'noise',
    policy: DisclosurePolicy,
    limits: { seconds: number; memoryMb: number },
  ): Promise<{ result: QueryResult } | { problem: JobProblem }>
}

/** A file of the custodian that cannot be read: which one, why, and the first line where, for the custodian alone. */
export class Unreadable extends Error {
  override name = 'Unreadable'
  readonly file: string
  readonly line?: number
  constructor(file: string, reason: string, line?: number) {
    super(reason)
    this.file = file
    if (line !== undefined) this.line = line
  }
}

/** An object that a dataset names is not in the store. */
export class ObjectGone extends Error {
  override name = 'ObjectGone'
}
