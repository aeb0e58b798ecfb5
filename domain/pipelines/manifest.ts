/**
 * What the runner is told of one pipeline run, and what it tells back. One JSON document each way, by signed links; the
 * log goes its own way (domain/pipelines/log.ts).
 */
import type { LinkTo } from '../jobs/manifest.ts'
import type { Confinement } from '../release/run-report.ts'
import type { InputKind, PipelineRuntime } from './definition.ts'

/** A file that the runner fetches before the command starts, below the folder it belongs to. */
export interface RunFile {
  /** Relative path, already checked (domain/pipelines/definition.ts `filePath`). */
  path: string
  /** Absent for rows that the engine has written for this run alone. */
  sha256?: string
  /** Bytes. */
  size: number
  link: LinkTo
}

/** One declared input: its files lie in `inputs/<name>/<path>` and the folder is mounted read-only. */
export interface RunInput {
  name: string
  files: RunFile[]
}

export interface RunLimits {
  /** Wall time of the command, in seconds. */
  seconds: number
  memoryMb: number
  cpus: number
  /** 0 where none is asked for; only Batch on EC2 has any. */
  gpus: number
  processes: number
  /** Bytes of all artifacts together. */
  outputBytes: number
  /** Bytes of the log; at the limit one record of the system says so and the run goes on. */
  logBytes: number
}
export const runLimits = { processes: 256, outputBytes: 2 * 1024 ** 3, logBytes: 1024 ** 3 } as const

/** Slots for artifacts: the last one takes a ZIP of whatever is left over. */
export const artifactSlots = 200

/**
 * The runner's orders. The folders of a run, as the command sees them (they are its environment too: `CLOISTER_CODE`,
 * `CLOISTER_INPUTS`, `CLOISTER_OUTPUT`, `CLOISTER_PARAMETERS`): `code/` (working directory, read-only files),
 * `inputs/<name>/`, `output/` (writable), `parameters.json` (the run's parameters, defaults filled in).
 */
export interface PipelineManifest {
  kind: 'pipeline'
  /** The job's id; also the run's. */
  job: string
  /** The workflow's attempt: 1, and more when a crash made it start again. */
  attempt: number
  runtime: PipelineRuntime
  /** Of the runtime `image` alone. */
  image?: string
  /**
   * Program and arguments, no shell in between. Parameters are in it already; places are left for the runner, which
   * alone knows its folders (`located` of domain/pipelines/command.ts puts them in): `{{code}}`, `{{output}}`,
   * `{{inputs.NAME}}` (the folder of that input; the one file itself where the input has exactly one and its kind is
   * `table`), `{{parameters}}` (the path of parameters.json).
   */
  command: string[]
  /** Beside PATH, HOME, TMPDIR, LANG and the four of Cloister. */
  env: Record<string, string>
  parameters: Record<string, unknown>
  code: RunFile[]
  inputs: (RunInput & { kind: InputKind })[]
  limits: RunLimits
  /** PUT links, `artifactSlots` of them; slot n takes the nth file. Type `application/octet-stream`. */
  artifacts: LinkTo[]
  /** One PUT of a gzipped `PipelineReport`, after the last artifact. */
  report: LinkTo
  /**
   * Where a container says which stream of CloudWatch Logs it writes to: one PUT link for each time that Batch may
   * start it in this attempt. The local host has a file instead.
   */
  streams: LinkTo[]
  /**
   * Set when a protected dataset is among the inputs: the log is the custodian's alone, so nothing of it is shown
   * elsewhere.
   */
  confidential?: true
}

/** How the command ended. `not-started` carries the reason in `refused` or `startError`. */
export type PipelineEnd =
  | 'finished'
  | 'exit-code'
  | 'signal'
  | 'time-limit'
  | 'memory-limit'
  | 'process-limit'
  | 'output-limit'
  | 'cancelled'
  | 'not-started'
/** Why the command never ran. */
export type StartError =
  | 'command-not-found'
  | 'not-executable'
  | 'input-missing'
  | 'confinement-missing'
  | 'image-unavailable'
  | 'infrastructure'

export interface ReportedArtifact {
  /** Relative to `output/`. */
  path: string
  /** Which slot holds it; files of the last slot's ZIP say `zipped`. */
  slot: number
  zipped?: true
  size: number
  sha256: string
}

export interface PipelineReport {
  kind: 'pipeline'
  job: string
  attempt: number
  end: PipelineEnd
  /** Set with `not-started`. */
  startError?: StartError
  /** The program or input that was not there: a name out of the definition, never a host path. */
  missing?: string
  exitCode?: number
  /** SIGKILL and the like. */
  signal?: string
  /** The kernel's out-of-memory killer, or the runner's own watch over memory. */
  oom?: true
  confinement?: Confinement
  /** What it ran in: name and version of the runtime, or the image's digest. */
  image: string
  artifacts: ReportedArtifact[]
  /** Files that did not fit into `outputBytes` and were left out. */
  leftOut: number
  /** ISO 8601. `started` and `ended` are of the command itself. */
  timings: { fetched?: string; started?: string; ended?: string; stored?: string }
  /**
   * Wall seconds of the command, its CPU seconds (user and system, all processes), and the highest resident memory in
   * bytes.
   */
  seconds: number
  cpuSeconds: number
  peakMemoryBytes: number
  /** Bytes of the log, whole; and the number of its records. */
  logBytes: number
  logRecords: number
  /**
   * Declared by the script (`cloister: metric NAME VALUE [STEP]`): the newest of each name, and how many there were.
   */
  metrics: { name: string; value: number; step?: number; count: number }[]
  /** Steps declared, in order. */
  steps: { name: string; at: string }[]
}
