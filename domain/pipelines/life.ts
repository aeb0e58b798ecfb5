/**
 * The life of a pipeline run as people see it. Underneath it is a job (domain/jobs/life.ts) and walks the same
 * workflow.
 */
import type { JobCode } from '../release/job-codes.ts'
import type { JobState } from '../jobs/life.ts'
import type { PipelineReport } from './manifest.ts'

export const runStates = ['created', 'queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type PipelineRunState = (typeof runStates)[number]
export const runMeaning: Record<PipelineRunState, string> = {
  created: 'Written down; somebody has to approve it before it joins the queue',
  queued: 'Waiting for its turn',
  running: 'At work, or its output is being looked at',
  succeeded: 'Its command ended with exit code 0',
  failed: 'It ended otherwise, or never started: the reason says what to do',
  cancelled: 'Stopped by a person',
}
/** Whether a run will not change any more. */
export const isOver = (s: PipelineRunState): boolean => s === 'succeeded' || s === 'failed' || s === 'cancelled'

/** From the job's state, what it waits for, and whether its computation has begun. */
export function runStateOf(job: {
  state: JobState
  waiting?: string | undefined
  steps: { compute?: unknown }
}): PipelineRunState {
  switch (job.state) {
    case 'queued':
      return job.waiting === 'approval' ? 'created' : 'queued'
    case 'running':
      return job.steps.compute ? 'running' : 'queued'
    case 'checking':
    case 'held':
      return 'running'
    case 'succeeded':
      return 'succeeded'
    case 'cancelled':
      return 'cancelled'
    case 'blocked':
    case 'failed':
      return 'failed'
  }
}

/** Why a run failed and what to do about it. `{…}` are filled in from the run. */
export const runCodes = {
  'exit-code': {
    what: 'The command ended with exit code {exitCode}.',
    todo: 'The last lines of the log say why. Correct the pipeline or the parameters, and run it again with edits.',
  },
  killed: {
    what: 'The command was ended by the signal {signal}.',
    todo: 'Nobody at the platform sent it: look at the end of the log for a crash of a library, and run it again.',
  },
  'time-limit': {
    what: 'It ran longer than its limit of {seconds} seconds and was stopped.',
    todo: 'Run it again with more time, or with parameters that make less work.',
  },
  'memory-limit': {
    what: 'It needed more memory than its limit of {memoryMb} MB and was stopped.',
    todo: 'Run it again with more memory, or with smaller patches or fewer frames at a time.',
  },
  'process-limit': {
    what: 'It started more processes than its limit allows.',
    todo: 'Set the number of workers to the number of processors, and run it again.',
  },
  'output-limit': {
    what: 'It wrote more into the output folder than may be kept.',
    todo: 'Write less, or compress it, and run it again. What fitted is among the artifacts.',
  },
  'command-not-found': {
    what: 'There is no program {missing}.',
    todo: 'Correct the command of the pipeline, or choose the runtime that has the program, and publish a new version.',
  },
  'not-executable': {
    what: 'The program {missing} is there but cannot be executed.',
    todo: 'Start it through its interpreter (python3, Rscript, bash), or publish it with a first line that names one.',
  },
  'input-missing': {
    what: 'The input {missing} could not be fetched.',
    todo: 'Open the experiment, look whether the file is still there, and put it in again.',
  },
  'image-unavailable': {
    what: 'The container image could not be had here.',
    todo: 'Check its name, or ask whoever runs the installation whether it may fetch it.',
  },
  'confinement-missing': {
    what: 'This installation has nothing that confines the run, so nothing was run.',
    todo: 'Ask whoever runs the installation: its operations guide says what to install.',
  },
  interrupted: {
    what: 'The machine it ran on was stopped or restarted before the run ended.',
    todo: 'The log is whole up to that moment. It is not your code; run it again.',
  },
  infrastructure: {
    what: 'The platform could not start or finish this run.',
    todo: 'It is not your code; run it again. If it stays, send the run’s id to whoever runs the installation.',
  },
  'policy-changed': { what: 'The dataset’s policy no longer allows this run.', todo: 'Ask the dataset’s custodian.' },
  'cohort-too-small': { what: 'The dataset has too few people for its policy.', todo: 'Ask the dataset’s custodian.' },
  'checkers-refused': {
    what: 'The output checkers did not release the artifacts.',
    todo: 'Make the output coarser, and run it again.',
  },
  differencing: {
    what: 'Together with a result you already have, this would single out a few people.',
    todo: 'Ask the dataset’s custodian.',
  },
  'script-error': {
    what: 'The command failed, met a limit, or left nothing that can be checked.',
    todo: 'A protected dataset is among its inputs, so only the dataset’s custodian sees which, and the log. Ask them, or try it on a synthetic table of the dataset first.',
  },
  cancelled: { what: 'Stopped by a person.', todo: 'Run it again when you want it.' },
} as const satisfies Partial<Record<JobCode, { what: string; todo: string }>>
export type RunCode = keyof typeof runCodes

export interface RunFailure {
  code: RunCode
  message: string
  todo: string
}
interface Known {
  exitCode?: number | undefined
  signal?: string | undefined
  missing?: string | undefined
  seconds?: number | undefined
  memoryMb?: number | undefined
}

/** The sentence for a failure. A code of some other kind of job reads as the platform's fault. */
export function failureOf(code: JobCode, known: Known): RunFailure {
  const mine: RunCode = code in runCodes ? (code as RunCode) : 'infrastructure'
  const { what, todo } = runCodes[mine]
  const filled = what.replaceAll(/\s?\{(\w+)\}/g, (whole, name: keyof Known) => {
    const value = known[name]
    return value === undefined ? '' : `${whole.startsWith(' ') ? ' ' : ''}${name === 'missing' ? `“${value}”` : value}`
  })
  return { code: mine, message: filled, todo }
}

/** What a report comes to: undefined for a success, else the code. */
export function codeOf(report: PipelineReport): RunCode | undefined {
  switch (report.end) {
    case 'finished':
      return report.exitCode === undefined || report.exitCode === 0 ? undefined : 'exit-code'
    case 'exit-code':
      return 'exit-code'
    case 'signal':
      return report.oom ? 'memory-limit' : 'killed'
    case 'cancelled':
      return 'cancelled'
    case 'not-started':
      return report.startError ?? 'infrastructure'
    default:
      return report.end
  }
}
