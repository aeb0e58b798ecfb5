/**
 * A kind of job as the workflow sees it. Each kind is an object beside its own area; functions/job-kinds.ts makes the
 * one table of them, and wiring hands that table to whatever needs it (`WorkflowDeps`). Nothing in this folder knows a
 * kind by name.
 */
import type { ComputeBranch } from '../../contracts/workflow.ts'
import type { Act } from '../../domain/audit/acts.ts'
import type { JobCode, JobProblem } from '../../domain/release/job-codes.ts'
import type { Container } from '../../domain/jobs/container.ts'
import { type JobKind, type JobState, maximumAttempts } from '../../domain/jobs/life.ts'
import type { Item } from '../../ports/table.ts'
import type { AuditEntry } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import type { indexKeyOf, JobItem } from '../kernel/items.ts'
import { objectOf } from './job-item.ts'

/**
 * Who makes an end true: a step of the workflow, or a function that serves a request. The latter may not delete in the
 * bucket that holds the datasets, so inputs of what it ends go at the watch's next visit.
 */
export type EndedBy = 'step' | 'request'

/** What computes next, and what the job's item is to say of it. */
export interface PreparedJob {
  compute: ComputeBranch
  /** Of a branch that starts a container: a link to its manifest, and its size. */
  container?: { manifest: string } & Container
  /** What was counted on the way. */
  set?: Partial<Pick<JobItem, 'subjects' | 'fingerprint'>>
  /** When the computation began, where that was not now: an earlier attempt's runner may still be at work. */
  computeStarted?: string
}

/** The job does not run on: a problem that its own declarations, its policy or its cohort have. */
export class Refused extends Error {
  override name = 'Refused'
  readonly code: JobCode
  constructor(code: JobCode) {
    super(code)
    this.code = code
  }
}

/** Places of live jobs in the index; in `over` all kinds stand that only wait to be forgotten. */
export type LivePlace = Exclude<keyof typeof indexKeyOf.jobLive, 'over'>

/**
 * What is to be known of a kind by whoever submits, shows or ends its jobs. Apart from the steps, so that a function
 * that serves requests does not carry what computes.
 */
export interface JobKindFacts {
  /**
   * Whether the charge of a job that failed is due all the same: noise was drawn and kept. Asked before the end is
   * written.
   */
  chargeStands(deps: Deps, job: JobItem): Promise<boolean>
  /** Events of an end, written before the state. `problem` is absent when what was released has had its event. */
  endEvents(job: JobItem, state: JobState, problem: JobProblem | undefined): AuditEntry[]
  /**
   * Whether another attempt begins anew. False: an attempt takes up what an earlier one began, and keeps its steps'
   * times.
   */
  mayRestart: boolean
  /** Attempts after which a job that comes to no decision ends with `infrastructure`. */
  mostAttempts: number
  /** What computes is a container with inputs of its own, which nobody needs afterwards. */
  hasContainer: boolean
  /** Seconds for which a container that was stopped may still write: as long as its links live. */
  lateWriteSeconds: number
  /**
   * What lies in `released` before settling makes it true, as beginnings of keys; of a job that ends otherwise it goes.
   * Asked once the end is written.
   */
  unsettled(deps: Pick<Deps, 'objects'>, job: JobItem): Promise<string[]>
  /** Seconds after its end in which what computed may still write the end of a log; the watch waits for it. */
  lastWordSeconds: number
  /** Where live jobs stand in the index, so that those who count a person's jobs tell kinds apart. */
  livePlace: LivePlace
  /** In place of `livePlace` while people look at held outputs. */
  heldPlace: LivePlace
  /** Where the owner's pointer stands in the index: lists of jobs, or of runs. */
  ownerPlace: keyof typeof indexKeyOf.jobOwner
  /** A person asked it, in the words of an `Ask`, which is kept and may be shown. */
  hasQuestion: boolean
  /** What it releases is one document of outputs. */
  hasResult: boolean
}

/** What a function reaches that submits, shows or ends jobs. */
export interface WorkflowDeps extends Deps {
  /** Every kind by its name: functions/job-kind-facts.ts. */
  kinds: Readonly<Record<JobKind, JobKindFacts>>
}

/**
 * What one kind of job does at each step of the workflow. Steps are repeated after a crash, by the watch, and by two
 * executions at once, so every function may be called twice for the same job, also at the same time, and must then come
 * to the same. `JobMovedOn` thrown by `move` is passed on: whoever was faster has the last word. Any other error is the
 * platform's: the workflow tries the step again, and at last ends the job with `infrastructure`.
 */
export interface JobKindSteps extends JobKindFacts {
  /**
   * The first step: permission and policy hold, the charge is reserved, inputs stand ready. Called with the job in the
   * state `running`; `at` is when the step began. Throws `Refused` when the job cannot run; the workflow then decides
   * it so, and nothing is computed.
   */
  prepare(deps: StepDeps, job: Item<JobItem>, at: string): Promise<PreparedJob>
  /**
   * The third step: what may leave is decided and written to the job's item (`outcome`), once. Called with the job
   * undecided; moves it to `checking` itself (`startCheck`). A kind whose computing step decides has nothing to do
   * here.
   */
  check(deps: StepDeps, job: Item<JobItem>): Promise<void>
  /**
   * After settling made a state true: the job is over, or held. Starts whoever waits, closes what was open. The watch
   * calls it as well.
   */
  afterEnd(deps: StepDeps, jobId: string): Promise<void>
  /** Whether a job that nothing has prepared yet may be started by the watch: false while it waits for its turn. */
  mayStart(deps: StepDeps, job: JobItem): Promise<boolean>
  /** Once per visit of the watch, after every live job was looked at. An error is logged and stops nothing else. */
  afterVisit(deps: StepDeps): Promise<void>
  /**
   * Ends a held job when enough checkers agree, and does nothing otherwise. Of two ends one wins. A kind that is never
   * held is never asked.
   */
  concludeHeld(deps: StepDeps, job: Item<JobItem>, by: EndedBy): Promise<void>
}

/** What a function reaches that walks jobs through the workflow. */
export interface StepDeps extends Deps {
  /** Every kind by its name: functions/job-kinds.ts. */
  kinds: Readonly<Record<JobKind, JobKindSteps>>
}

const actOfEnd: Partial<Record<JobState, Act>> = {
  blocked: 'job.blocked',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
}

/** What holds for most kinds; a kind says what is different. */
export const usualFacts = {
  chargeStands: async () => false,
  endEvents: (job, state, problem) =>
    problem
      ? [
          {
            act: actOfEnd[state]!,
            object: `job ${job.jobId}`,
            detail: { dataset: job.datasetId, code: problem.code, step: problem.step },
          },
        ]
      : [],
  mayRestart: true,
  mostAttempts: maximumAttempts,
  hasContainer: false,
  lateWriteSeconds: 0,
  unsettled: async (_, { jobId }) => [objectOf.result(jobId), objectOf.file(jobId, '')],
  lastWordSeconds: 0,
  livePlace: 'asked',
  heldPlace: 'asked',
  ownerPlace: 'asked',
  hasQuestion: false,
  hasResult: true,
} satisfies JobKindFacts

/** Nothing waits for most kinds, and most are never held. */
export const usualSteps = {
  afterEnd: async () => {},
  mayStart: async () => true,
  afterVisit: async () => {},
  concludeHeld: async () => {},
} satisfies Omit<JobKindSteps, keyof JobKindFacts | 'prepare' | 'check'>
