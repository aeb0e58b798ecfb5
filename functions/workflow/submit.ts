/** Submitting a job, of whatever kind: the one place where a job and the pointers at it come to be. */
import type { Who } from '../../domain/audit/chain.ts'
import { AlreadyExists, type Item } from '../../ports/table.ts'
import { type AuditEntry, record, type Writer } from '../kernel/audit.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { objectOf } from './job-item.ts'
import type { WorkflowDeps } from './job-kind.ts'
import { livePointer, ownerPointer } from './pointers.ts'

export interface Submission {
  job: JobItem
  /** What is asked, as it is kept for the steps: bytes of the object `jobs/<id>/ask.json`. */
  ask?: Uint8Array
  /** Where lists find the job: its keys in the index. */
  listed: { gpk: string; gsk: string }
  /** More items that point at it. */
  pointers?: readonly Item<object>[]
  /** The event of its being asked, where asking it is an act of its own. */
  event?: { who: Who; entry: AuditEntry }
}

/**
 * Writes, in this order: what is asked, the pointer by which the watch finds a live job, and the event; the job; the
 * pointer by which its owner does. Killed before the job is there, nothing is visible and the watch forgets the
 * pointer; killed after, the watch finds the job and starts it. It starts nothing itself.
 *
 * Safe to call twice with the same id, also at the same time: the first job stands, and is answered with `made: false`.
 */
export async function submit(
  deps: Pick<WorkflowDeps, 'objects' | 'kinds'> & Writer,
  { job, ask, listed, pointers = [], event }: Submission,
): Promise<{ job: Item<JobItem>; made: boolean }> {
  const key = keyOf.job(job.jobId)
  const [fresh] = await Promise.all([
    underTheWatch(deps, job, ask),
    ...pointers.map((pointer) => createIfAbsent(deps, pointer)),
    ...(event ? [record(deps, job.organisationId, event.who, [event.entry])] : []),
  ])
  try {
    const made = await deps.table.create<JobItem>({ ...job, ...key, ...listed })
    // An earlier request, killed on its way, had made the pointer: the watch may have forgotten it just now.
    if (!fresh) await underTheWatch(deps, job, ask)
    await createIfAbsent(deps, ownerPointer(deps, job))
    return { job: made, made: true }
  } catch (e) {
    const first = e instanceof AlreadyExists ? await deps.table.get<JobItem>(key) : undefined
    if (!first) throw e
    await createIfAbsent(deps, ownerPointer(deps, first))
    return { job: first, made: false }
  }
}

/**
 * What is asked, and the pointer by which the watch finds the job; false when that pointer was there. Called again for
 * a job that nothing has prepared yet, it puts back what the watch took away when it found no job behind the pointer.
 */
export async function underTheWatch(
  deps: Pick<WorkflowDeps, 'table' | 'objects' | 'kinds'>,
  job: JobItem,
  ask: Uint8Array | undefined,
): Promise<boolean> {
  const [, fresh] = await Promise.all([
    ask && deps.objects.put('protected', objectOf.ask(job.jobId), ask, 'application/json'),
    createIfAbsent(deps, livePointer(deps, job)),
  ])
  return fresh
}
