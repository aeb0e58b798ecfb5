/** What the runner tells of a job: how each run ended and what it put out. The gate reads it; nobody else does. */

export const confinements = ['bubblewrap', 'landlock', 'wasm', 'fargate'] as const
export type Confinement = (typeof confinements)[number]
export type RunEnd =
  | 'finished'
  | 'script-error'
  | 'time-limit'
  | 'memory-limit'
  | 'process-limit'
  | 'output-limit'
  | 'killed'

export interface RunReport {
  /** `all`, or the number of the block that was left out or used. */
  run: 'all' | number
  /** Distinct subjects handed over, counted by the runner. */
  subjects: number
  end: RunEnd
  exitCode?: number
  /**
   * For the analyst: class of the error (an identifier from a fixed list or `Error`) and line (and cell) in their own
   * code.
   */
  errorClass?: string
  line?: number
  cell?: number
  /** Regular files with allow-listed names (`result.json`, `*.csv`, `*.png`, `*.svg`, `*.json`), base64. */
  outputs: { file: string; bytes: string }[]
  /** For the custodian only; at most 1 MB each. */
  stdout: string
  stderr: string
  seconds: number
}
export interface Report {
  job: string
  confinement: Confinement
  image: string
  cohort: number
  runs: RunReport[]
  /** Set when nothing could run. */
  refused?: 'confinement-missing' | 'infrastructure'
}
