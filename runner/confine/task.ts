/** What a confinement is given, and what it answers. */
import type { Limits } from '../../domain/jobs/manifest.ts'
import type { Confinement, RunEnd } from '../../domain/release/run-report.ts'

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
  /** Ends the run at once; a live one is asked first. */
  signal: AbortSignal
  /**
   * Set for a pipeline: any command, whose output is passed on as it comes and whose files stay in the run's folder.
   */
  live?: Live
}

/** Where a run's folders appear to the code. */
export interface Places {
  data: string
  job: string
  output: string
  work: string
  home: string
  notes: string
  inside: string
}

/** A pipeline's command, and who hears of it. */
export interface Live {
  /** Program (an absolute path) and arguments, for the places the command sees. */
  argv(at: Places): string[]
  env(at: Places): Record<string, string>
  output(stream: 'out' | 'err', part: Buffer): void
  /** The process tree was looked at: bytes of memory of its own, and CPU seconds so far. */
  look(memoryBytes: number, cpuSeconds: number): void
  /** Seconds between asking the command to end and ending it. */
  grace: number
}

export interface Outcome {
  end: RunEnd
  exitCode?: number
  /** The signal that ended the code's own process, and its CPU seconds with all it waited for: live runs only. */
  signal?: number
  cpuSeconds?: number
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

/**
 * What may leave a run: names of the output folder, and what counts when it lies in the working directory
 * (inside/init.py looks for the same).
 */
export const outputEndings = ['json', 'csv', 'png', 'svg']
export const outputNames = `[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}\\.(${outputEndings.join('|')})`
export const looseNames = 'result\\.json|[A-Za-z0-9_][A-Za-z0-9_. -]{0,95}\\.csv'
