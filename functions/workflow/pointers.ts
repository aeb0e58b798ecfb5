/**
 * Pointers at a job, by which others than its own key find it: its owner, the watch and the queue, output checkers. A
 * pointer is a hint; the job that it points at decides.
 */
import { ConditionFailed, type Item, type Key } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { indexKeyOf, type JobItem, keyOf } from '../kernel/items.ts'
import type { WorkflowDeps } from './job-kind.ts'

export interface Pointer {
  jobId: string
  created: string
}
type Pointed = Pick<JobItem, 'jobId' | 'kind' | 'userId' | 'created'>

/**
 * Live jobs are indexed by their owner, so that counting a person's is one short query; kinds with a queue of their own
 * have a place of their own.
 */
export const livePointer = ({ kinds }: Pick<WorkflowDeps, 'kinds'>, job: Pointed): Item<Pointer> => ({
  ...keyOf.jobLive(job.jobId),
  ...indexKeyOf.jobLive[kinds[job.kind].livePlace](job),
  jobId: job.jobId,
  created: job.created,
})

/** By which the owner’s lists find a job: of jobs, or of what the kind puts apart. */
export const ownerPointer = ({ kinds }: Pick<WorkflowDeps, 'kinds'>, job: Pointed): Item<Pointer> => ({
  ...keyOf.jobOwner(job.jobId),
  ...indexKeyOf.jobOwner[kinds[job.kind].ownerPlace](job),
  jobId: job.jobId,
  created: job.created,
})

/** Outputs that wait for checkers come before those that were decided: one list, newest first in each part. */
export const heldPointer = (
  job: Pick<JobItem, 'organisationId' | 'jobId'>,
  at: string,
): Item<{ jobId: string; held: string }> => ({
  ...keyOf.jobHeld(job.jobId),
  ...indexKeyOf.jobHeld.ofOrganisation({ ...job, at, waiting: 1 }),
  jobId: job.jobId,
  held: at,
})

/** The job's outputs wait for nobody any more. */
export const markDecided = (deps: Pick<Deps, 'table'>, job: Pick<JobItem, 'jobId'>): Promise<void> => {
  const place = indexKeyOf.jobHeld.ofOrganisation
  return changeIfThere(deps, keyOf.jobHeld(job.jobId), (at) => place.prefix({ ...place.read(at), waiting: 0 }))
}

/** A job that only waits to be forgotten comes last among the live ones, and counts for nobody. */
export const markOver = (deps: Pick<Deps, 'table'>, job: Pick<JobItem, 'jobId' | 'created'>): Promise<void> =>
  changeIfThere(deps, keyOf.jobLive(job.jobId), () => indexKeyOf.jobLive.over(job).gsk)

/** A held job waits for people, not for its turn: still under the watch, no longer in a queue of its kind. */
export async function markHeld(deps: Pick<WorkflowDeps, 'table' | 'kinds'>, job: JobItem): Promise<void> {
  const { livePlace, heldPlace } = deps.kinds[job.kind]
  if (livePlace === heldPlace) return
  await changeIfThere(deps, keyOf.jobLive(job.jobId), (at) => {
    const fields = indexKeyOf.jobLive[livePlace].read(at)
    return fields ? indexKeyOf.jobLive[heldPlace](fields).gsk : at
  })
}

/** Moves a pointer within its index: `moved` says from where to where. */
async function changeIfThere(deps: Pick<Deps, 'table'>, key: Key, moved: (gsk: string) => string): Promise<void> {
  const pointer = await deps.table.get<object>(key)
  if (!pointer) return
  const gsk = moved(pointer.gsk!)
  if (gsk === pointer.gsk) return
  try {
    await deps.table.update(key, { set: { gsk } })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}
