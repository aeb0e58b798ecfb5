/** What a confinement is given, and what it answers. */
import type { Confinement, Limits, RunEnd } from '../../domain/jobs/manifest.ts'

/** The programs that a script can need. */
export type Interpreter = 'python' | 'r'

export interface Task {
  interpreter: Interpreter
  /** Folder of this run alone, made by `makeRunFolder`: `data/`, `job/`, `work/`, `output/`, `notes/`. */
  folder: string
  /** Folder of the files that run inside (init.py and so on), readable for everybody. */
  inside: string
  /** The code below `job/`: `script.py`, `script.R` or `cells.json`. */
  source: string
  /** The user that runs it when the runner is root. */
  uid?: number
  /** Numbers runs that go at the same time, from 0. */
  slot: number
  limits: Limits
  seconds: number
  /** Ends the run at once. */
  signal: AbortSignal
}

export interface Outcome {
  end: RunEnd
  exitCode?: number
  error?: { errorClass?: string; line?: number; cell?: number }
  outputs: { file: string; bytes: Buffer }[]
  stdout: string
  stderr: string
  seconds: number
}

export interface Sandbox {
  name: Confinement
  /** Whether this installation can run it at all. */
  can(interpreter: Interpreter): boolean
  run(task: Task): Promise<Outcome>
}

/** What may leave a run: names of the output folder, and what counts when it lies in the working directory. Python reads the same patterns. */
export const outputNames = '[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}\\.(json|csv|png|svg)'
export const looseNames = 'result\\.json|[A-Za-z0-9_][A-Za-z0-9_. -]{0,95}\\.csv'
