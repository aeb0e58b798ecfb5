/** A job as the steps find it: where its objects lie, and the one way its item changes. */
import type { JobProblem } from '../../domain/release/job-codes.ts'
import { jobLife, type JobState, type JobStep, mayBecome } from '../../domain/jobs/life.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'

/** Objects of a job, by bucket: docs/architecture.md, section 3. */
export const objectOf = {
  /** protected: the question as it was asked. */
  ask: (jobId: string): string => `jobs/${jobId}/ask.json`,
  /** protected: the cohort's rows and the code, for the container; gone when the job is over. */
  inputs: (jobId: string): string => `jobs/${jobId}/inputs/`,
  /** protected, among the inputs: what the container is told. */
  manifest: (jobId: string): string => `jobs/${jobId}/inputs/manifest.json`,
  /** protected: what only the custodian may read. */
  log: (jobId: string): string => `jobs/${jobId}/log.json`,
  /** protected: what a synthesis has drawn and paid for; kept for a second attempt. */
  drawnResult: (jobId: string): string => `jobs/${jobId}/kept.json`,
  /** quarantine: everything of a job; empty when the job is over. */
  quarantine: (jobId: string): string => `jobs/${jobId}/`,
  report: (jobId: string): string => `jobs/${jobId}/report.json.gz`,
  query: (jobId: string): string => `jobs/${jobId}/query.json`,
  verdict: (jobId: string, hash: string): string => `jobs/${jobId}/verdict-${hash}.json`,
  /** released: what left. */
  result: (jobId: string): string => `jobs/${jobId}/result.json`,
  file: (jobId: string, name: string): string => `jobs/${jobId}/files/${name}`,
  package: (jobId: string, name: string): string => `jobs/${jobId}/${name}`,
}

/** `jobs/<id>/log.json`: for the custodian alone. */
export interface Log {
  subjects?: number
  runs: {
    run: string
    subjects: number
    end: string
    exitCode?: number
    seconds: number
    stdout: string
    stderr: string
  }[]
  message?: string
}

/** Somebody else moved the job on: a cancellation, another attempt, another run of the same step. */
export class JobMovedOn extends Error {
  override name = 'JobMovedOn'
}

export interface Move {
  to?: JobState
  set?: Partial<Omit<JobItem, 'state' | 'jobId'>>
  remove?: (keyof JobItem)[]
  /** Also: nothing at all has changed since it was read. */
  unchanged?: true
}

/**
 * Changes the job if it still is in the state and attempt it was read in; `JobMovedOn` otherwise, or when the life
 * cycle has no such step. Of all moves out of a state, one wins: that is what decides between a cancellation and a
 * release.
 */
export async function move(
  deps: Pick<Deps, 'table'>,
  job: Item<JobItem>,
  { to = job.state, set = {}, remove = [], unchanged }: Move,
): Promise<Item<JobItem>> {
  if (!mayBecome(job.state, to) || !jobLife[job.state].live) throw new JobMovedOn(`${job.state} does not become ${to}`)
  try {
    return await deps.table.update<JobItem>(keyOf.job(job.jobId), {
      set: { ...set, state: to },
      remove,
      when: [
        { attribute: 'state', is: 'equal', value: job.state },
        { attribute: 'attempt', is: 'equal', value: job.attempt },
        ...(unchanged ? [{ attribute: 'rev', is: 'equal' as const, value: job.rev! }] : []),
      ],
    })
  } catch (e) {
    throw e instanceof ConditionFailed ? new JobMovedOn('changed meanwhile') : e
  }
}

/**
 * What is to become of the job, said by a step before settling makes it so. A problem's `step` is the step that found
 * it.
 */
export const decided = (
  job: JobItem,
  outcome: NonNullable<JobItem['outcome']>,
  at: string,
  problem?: JobProblem,
): Pick<JobItem, 'outcome' | 'steps'> & { problem?: JobProblem } => ({
  outcome,
  problem,
  steps: problem ? stepEnded(job.steps, problem.step, at, outcome === 'failed') : job.steps,
})

/** Times of the steps once this one begins at `at` (ISO 8601); what it said of itself before is gone. */
export const stepStarted = (steps: JobItem['steps'], step: JobStep, at: string): JobItem['steps'] => ({
  ...steps,
  [step]: { started: at },
})
/** The same once it has ended. */
export const stepEnded = (steps: JobItem['steps'], step: JobStep, at: string, failed = false): JobItem['steps'] => ({
  ...steps,
  [step]: { started: steps[step]?.started ?? at, ended: at, ...(failed ? { failed: true as const } : {}) },
})

/** The step that a job is at: what a problem that nobody has decided is put down to. */
export function currentStep({ steps }: Pick<JobItem, 'steps'>): JobStep {
  if (steps.check) return 'check'
  return steps.compute ? 'compute' : 'prepare'
}

/**
 * From here on a computing step is at work, where it was waiting for a place before: if the platform goes down now, the
 * attempt counts against the job.
 */
export const begins = (deps: Pick<Deps, 'table'>, job: Item<JobItem>): Promise<Item<JobItem>> =>
  move(deps, job, { set: { working: job.attempt } })

/** The job's third step begins: its computation is over, and what came of it is looked at. */
export function startCheck(deps: Pick<Deps, 'table' | 'now'>, job: Item<JobItem>): Promise<Item<JobItem>> {
  const at = deps.now().toISOString()
  return move(deps, job, {
    to: 'checking',
    set: { working: job.attempt, steps: stepStarted(stepEnded(job.steps, 'compute', at), 'check', at) },
  })
}

/**
 * The job when this attempt of it has something left to decide; undefined when it is over, waits, was decided, or is
 * another attempt's.
 */
export async function jobIfUndecided(
  deps: Pick<Deps, 'table'>,
  jobId: string,
  attempt: number,
): Promise<Item<JobItem> | undefined> {
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  if (!job || job.attempt !== attempt || job.outcome !== undefined || job.waiting === 'approval') return undefined
  return job.state === 'queued' || job.state === 'running' || job.state === 'checking' ? job : undefined
}

/** What the workflow hands to each step; steps add what the next one needs. */
export interface StepInput {
  jobId: string
  attempt: number
  [more: string]: unknown
}
