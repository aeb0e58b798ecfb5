/** What the runner is told, and what it tells back. One JSON document each way, by signed links. */

export const runtimes = ['python', 'r', 'notebook'] as const
export type ScriptRuntime = (typeof runtimes)[number]
export interface LinkTo {
  url: string
  headers: Record<string, string>
}

/** How often the code runs, and on whom. */
export type Plan =
  /**
   * Once, on the whole cohort: for `review`. When that run fails, without each of `leaveOutBlocks` blocks as well, as
   * what is told of a failure is compared.
   */
  | { kind: 'whole' }
  /**
   * Once on the whole cohort and once without each of `blocks` disjoint blocks of subjects: for `rules`
   * (domain/disclosure/agreement.ts).
   */
  | { kind: 'leave-out'; blocks: number }
  /**
   * Once on each of `blocks` disjoint blocks, each in a time slot of its own that is always used up:
   * sample-and-aggregate, for `noise`.
   */
  | { kind: 'blocks'; blocks: number; slotSeconds: number }

/** Blocks of a leave-out plan (domain/disclosure/agreement.ts). */
export const leaveOutBlocks = 8

export interface Limits {
  seconds: number
  memoryMb: number
  cpus: number
  processes: number
  outputBytes: number
  outputFiles: number
}
export const defaultLimits: Limits = {
  seconds: 300,
  memoryMb: 2048,
  cpus: 1,
  processes: 64,
  outputBytes: 16_000_000,
  outputFiles: 50,
}

export interface ManifestTable {
  /** Path below catalogs/<dataset>/. */
  file: string
  subject: string
  /** Cohort rows as CSV, sorted as in the dataset. */
  link: LinkTo
  /** Set when `path` of each row names a volume below `images`. */
  pathColumn?: string
}
export interface ManifestFile {
  file: string
  link: LinkTo
}

export interface Manifest {
  job: string
  runtime: ScriptRuntime
  /** The catalogue name: files lie in `catalogs/<dataset>/`. */
  dataset: string
  code: LinkTo
  parameters: unknown
  tables: ManifestTable[]
  /** Volumes, named by rows of a table with `pathColumn`: a run gets those its rows name. */
  volumes: ManifestFile[]
  /** Masks and the like: every run gets them. */
  shared: ManifestFile[]
  plan: Plan
  /** 32 bytes, hex: assigns subjects to blocks by HMAC-SHA-256, so that the same cohort is always cut the same way. */
  partitionKey: string
  limits: Limits
  /** One PUT of a gzipped `Report`. */
  report: LinkTo
}
