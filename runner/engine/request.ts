/** What is asked of one run of the engine: with paths of files that are there already. One JSON document each way. */
import type { DatasetSchema } from '../../domain/datasets/schema.ts'
import type { DisclosurePolicy } from '../../domain/release/policy.ts'
import type { Cohort } from '../../domain/datasets/cohort.ts'
import type { JobProblem } from '../../domain/release/job-codes.ts'
import type { Measured } from '../../domain/sql/noise-plan.ts'
import type { QueryResult } from '../../domain/sql/result.ts'
import type { TableReading } from '../../ports/engine.ts'

export interface LocalTable {
  name: string
  path: string
  rows: number
  subjects: number
  rowsPerSubject?: number
}
export interface LocalData {
  schema: DatasetSchema
  tables: LocalTable[]
  subjects: number
  fingerprint?: string
}
export interface LocalFile {
  file: string
  path: string
}

/** `folder` is where a run may write; every other file it may open is named. */
export type Request =
  | { kind: 'read'; files: LocalFile[] }
  | { kind: 'store'; files: LocalFile[]; schema: DatasetSchema; folder: string }
  | { kind: 'count'; data: LocalData; cohort: Cohort }
  | { kind: 'difference'; data: LocalData; a: string; b: string }
  | { kind: 'materialise'; data: LocalData; cohort: Cohort; folder: string }
  | { kind: 'validate'; sql: string; schema: DatasetSchema; mode: 'rules' | 'noise' }
  | {
      kind: 'query'
      data: LocalData
      cohort: Cohort
      sql: string
      mode: 'rules' | 'noise'
      policy: DisclosurePolicy
      limits: { seconds: number; memoryMb: number }
    }

export type Problem = JobProblem & { message?: string }
/** Tables that `store` wrote, as file names below its folder. */
export interface Written {
  tables: { name: string; path: string; rows: number; subjects: number; rowsPerSubject: number }[]
  subjects: number
  fingerprint: string
  outside: Record<string, number>
}
export interface Answers {
  read: TableReading[]
  store: Written
  count: { subjects: number; fingerprint: string }
  difference: number
  materialise: { table: string; file: string; path: string; rows: number }[]
  validate: { problem: Problem } | { measured?: Measured }
  query: { result: QueryResult } | { problem: Problem }
}
export type Reply =
  | { ok: unknown }
  | { unreadable: { file: string; reason: string; line?: number } }
  | { failed: { kind: 'memory-limit' | 'time-limit' | 'query-error'; errorClass: string } }
/** What a process answers: the reply, and whether it is fit for another request. */
export interface Answered {
  reply: Reply
  fit: boolean
}
