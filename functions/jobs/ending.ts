/** The end of a job: one conditional write decides it, and whatever follows from it can be repeated. */
import type { Act } from '../../domain/audit/acts.ts'
import type { Detail, Who } from '../../domain/audit/chain.ts'
import { endOf, type JobProblem } from '../../domain/jobs/codes.ts'
import type { JobState } from '../../domain/jobs/life.ts'
import { AlreadyExists, ConditionFailed, type Item, type Key } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { chargeAtEnd, forget, settleCharge } from './charging.ts'
import { move, objectOf, stepEnded } from './standing.ts'

/** Who writes events of steps that nobody started by hand. */
export const platform: Who = { kind: 'platform', id: 'workflow' }
const acts: Partial<Record<JobState, Act>> = {
  blocked: 'job.blocked',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
}

/**
 * Functions that serve requests may not delete in the bucket that holds the datasets: inputs of what they end go at the
 * watch's next visit.
 */
type EndedBy = 'step' | 'request'

/**
 * How long a container may still write after it was told to stop: as long as its link lives (functions/jobs/inputs.ts).
 */
export const linkSeconds = 5 * 3600

/**
 * Makes a live job's end true: the event, then the state, by a write that only one of several ends can win (`Overtaken`
 * for the others), then what follows from it. Without a problem it is a release, whose event was written before its
 * outputs were.
 */
export async function end(
  deps: Deps,
  job: Item<JobItem>,
  problem: JobProblem | undefined,
  { who = platform, by = 'step' }: { who?: Who; by?: EndedBy } = {},
): Promise<Item<JobItem>> {
  const to = problem ? endOf(problem.code) : 'succeeded'
  const ended = deps.now().toISOString()
  const charged = chargeAtEnd(
    job,
    problem,
    problem !== undefined &&
      job.kind === 'synthesis' &&
      (await deps.objects.head('protected', objectOf.kept(job.jobId))) !== undefined,
  )
  const entries: { act: Act; object: string; detail?: Detail }[] = [
    ...(job.run
      ? [
          {
            act: 'pipeline-run.ended' as const,
            object: `run ${job.jobId}`,
            detail: {
              experiment: job.run.experimentId,
              state: to,
              ...(problem ? { code: problem.code } : {}),
              ...(job.run.exitCode === undefined ? {} : { exitCode: job.run.exitCode }),
            },
          },
        ]
      : []),
    ...(problem && !job.run
      ? [
          {
            act: acts[to]!,
            object: `job ${job.jobId}`,
            detail: { dataset: job.datasetId, code: problem.code, step: problem.step },
          },
        ]
      : []),
    ...(problem && charged === 'committed'
      ? [
          {
            act: 'budget.charged' as const,
            object: `dataset ${job.datasetId}`,
            detail: { job: job.jobId, nanoRho: job.charge! },
          },
        ]
      : []),
  ]
  if (entries.length > 0) await record(deps, job.organisationId, who, entries)
  const over = await move(deps, job, {
    to,
    set: {
      ended,
      steps: stepEnded(
        problem ? job.steps : { ...job.steps, settle: { started: ended } },
        problem ? problem.step : 'settle',
        ended,
        to === 'failed',
      ),
      problem,
      ...(charged ? { charged } : {}),
    },
    remove: ['waiting'],
  })
  await finish(deps, over, by)
  return over
}

/**
 * What follows from a job's end, whoever brought it about: budget and ledger as the item says, quarantine and inputs
 * emptied, and last the pointer by which the watch finds it. While something of it may still act, a job stays under the
 * watch, which does the same again: a cancelled container may send its report late, a step that hung may want its
 * charge.
 */
export async function finish(deps: Deps, job: Item<JobItem>, by: EndedBy = 'step'): Promise<void> {
  await settleCharge(deps, job)
  await Promise.all([
    empty(deps, 'quarantine', objectOf.quarantine(job.jobId)),
    ...(contained(job) && by === 'step' ? [emptyInputs(deps, job)] : []),
  ])
  if (job.mode === 'review')
    await changeIfThere(deps, keyOf.jobHeld(job.jobId), (held) => held.replace('HELD#1#', 'HELD#0#'))
  if (
    (contained(job) && by === 'request' && job.steps.prepare !== undefined) ||
    Date.parse(job.ended!) + graceSeconds(job) * 1000 > deps.now().getTime()
  )
    return changeIfThere(deps, keyOf.jobLive(job.jobId), () => overAt(job))
  if (job.charge !== undefined) await forget(deps, job)
  await deps.table.remove(keyOf.jobLive(job.jobId))
}

/** What computes is a container, with inputs of its own that nobody needs afterwards. */
export const contained = (job: JobItem): boolean =>
  job.kind === 'script' || job.kind === 'synthesis' || job.kind === 'pipeline'

/**
 * How long something of an ended job may still act: a stopped container until its link is dead, a step that hangs as
 * long as a Lambda may run.
 */
const graceSeconds = (job: JobItem): number =>
  job.state === 'cancelled' && job.kind !== 'pipeline' && contained(job) && job.steps.compute
    ? linkSeconds
    : job.charge !== undefined
      ? 900
      : 0

/** Moves a pointer within its index. */
async function changeIfThere(deps: Pick<Deps, 'table'>, key: Key, to: (gsk: string) => string): Promise<void> {
  const pointer = await deps.table.get<object>(key)
  if (!pointer || to(pointer.gsk!) === pointer.gsk) return
  try {
    await deps.table.update(key, { set: { gsk: to(pointer.gsk!) } })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

/** The rows a container was given: nothing reads them once it has come to its end. */
export const emptyInputs = (deps: Pick<Deps, 'objects'>, job: JobItem): Promise<void> =>
  empty(deps, 'protected', objectOf.inputs(job.jobId))

async function empty(deps: Pick<Deps, 'objects'>, bucket: 'quarantine' | 'protected', prefix: string): Promise<void> {
  const keys: string[] = []
  for await (const key of deps.objects.list(bucket, prefix)) keys.push(key)
  await Promise.all(keys.map((key) => deps.objects.remove(bucket, key)))
}

/**
 * Live jobs are indexed under JOB#LIVE by their owner, so that counting a person's is one short query; pipeline runs
 * apart, with a queue of their own; those that only wait to be forgotten come last and count for nobody.
 */
export const liveAt = (job: Pick<JobItem, 'userId' | 'created' | 'jobId'> & { kind?: JobItem['kind'] }): string =>
  `${job.kind === 'pipeline' ? 'run:' : ''}${job.userId}#${job.created}#${job.jobId}`
const overAt = (job: Pick<JobItem, 'created' | 'jobId'>): string => `~over#${job.created}#${job.jobId}`

/** A held run waits for people, not for its turn: still under the watch, no longer in the queue. */
export const outOfQueue = (deps: Pick<Deps, 'table'>, job: Pick<JobItem, 'jobId'>): Promise<void> =>
  changeIfThere(deps, keyOf.jobLive(job.jobId), (at) => at.replace(/^run:/, 'held:'))

export interface Pointer {
  jobId: string
  created: string
}
export const livePointer = (job: Parameters<typeof liveAt>[0]): Item<Pointer> => ({
  ...keyOf.jobLive(job.jobId),
  gpk: 'JOB#LIVE',
  gsk: liveAt(job),
  jobId: job.jobId,
  created: job.created,
})
export const ownerPointer = (job: Parameters<typeof liveAt>[0]): Item<Pointer> => ({
  ...keyOf.jobOwner(job.jobId),
  gpk: keyOf.person(job.userId).pk,
  gsk: `${job.kind === 'pipeline' ? 'RUN' : 'JOB'}#${job.created}#${job.jobId}`,
  jobId: job.jobId,
  created: job.created,
})

/** Outputs that wait for checkers come before those that were decided: one list, newest first in each part. */
export const heldPointer = (
  job: Pick<JobItem, 'organisationId' | 'jobId'>,
  at: string,
): Item<{ jobId: string; held: string }> => ({
  ...keyOf.jobHeld(job.jobId),
  gpk: keyOf.organisation(job.organisationId).pk,
  gsk: `HELD#1#${at}#${job.jobId}`,
  jobId: job.jobId,
  held: at,
})

/** Writes an item unless it is there already. */
export async function once<T extends object>(deps: Pick<Deps, 'table'>, item: Item<T>): Promise<void> {
  try {
    await deps.table.create(item)
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
  }
}
