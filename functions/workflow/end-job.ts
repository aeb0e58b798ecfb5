/** The end of a job: one conditional write decides it, and whatever follows from it can be repeated. */
import type { Who } from '../../domain/audit/chain.ts'
import { endOf, type JobProblem } from '../../domain/release/job-codes.ts'
import type { Item } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { chargeAtEnd, forget, settleCharge } from './budget-charge.ts'
import { move, objectOf, stepEnded } from './job-item.ts'
import type { EndedBy, WorkflowDeps } from './job-kind.ts'
import { markDecided, markOver } from './pointers.ts'

/** Who writes events of steps that nobody started by hand. */
export const platform: Who = { kind: 'platform', id: 'workflow' }

/** Seconds for which a step that hangs may still want its charge: as long as a Lambda may run. */
const hangingStepSeconds = 900

/**
 * Makes a live job's end true: the event, then the state, by a write that only one of several ends can win
 * (`JobMovedOn` for the others), then what follows from it. Without a problem it is a release, whose event was written
 * before its outputs were.
 */
export async function end(
  deps: WorkflowDeps,
  job: Item<JobItem>,
  problem: JobProblem | undefined,
  { who = platform, by = 'step' }: { who?: Who; by?: EndedBy } = {},
): Promise<Item<JobItem>> {
  const kind = deps.kinds[job.kind]
  const to = problem ? endOf(problem.code) : 'succeeded'
  const ended = deps.now().toISOString()
  const charged = chargeAtEnd(job, problem, problem !== undefined && (await kind.chargeStands(deps, job)))
  const entries = kind.endEvents(job, to, problem)
  if (problem && charged === 'committed')
    entries.push({
      act: 'budget.charged',
      object: `dataset ${job.datasetId}`,
      detail: { job: job.jobId, nanoRho: job.charge! },
    })
  if (entries.length > 0) await record(deps, job.organisationId, who, entries)
  const steps = problem ? job.steps : { ...job.steps, settle: { started: ended } }
  // Cancelled before a step took it up: nothing has prepared it, and nothing of it is left.
  const neverBegan = to === 'cancelled' && job.steps.prepare === undefined
  const over = await move(deps, job, {
    to,
    set: {
      ended,
      steps: neverBegan ? steps : stepEnded(steps, problem?.step ?? 'settle', ended, to === 'failed'),
      problem,
      charged,
    },
    remove: ['waiting'],
  })
  await finish(deps, over, by)
  return over
}

/**
 * What follows from a job's end, whoever brought it about: budget and ledger as the item says, quarantine and inputs
 * emptied, what was laid ready in `released` and did not come true taken away, and last the pointer by which the watch
 * finds it. While something of it may still act, a job stays under the watch, which does the same again: a cancelled
 * container may send its report late, a step that hung may want its charge, or lay its outputs ready.
 */
export async function finish(deps: WorkflowDeps, job: Item<JobItem>, by: EndedBy = 'step'): Promise<void> {
  const { hasContainer } = deps.kinds[job.kind]
  await settleCharge(deps, job)
  await Promise.all([
    empty(deps, 'quarantine', objectOf.quarantine(job.jobId)),
    ...(hasContainer && by === 'step' ? [emptyInputs(deps, job)] : []),
    ...(job.state !== 'succeeded' && by === 'step' ? [emptyUnsettled(deps, job)] : []),
  ])
  if (job.mode === 'review') await markDecided(deps, job)
  // A request may not delete where datasets and releases lie: the watch does.
  const remains = by === 'request' && (hasContainer || job.state !== 'succeeded') && job.steps.prepare !== undefined
  if (remains || Date.parse(job.ended!) + graceSeconds(deps, job) * 1000 > deps.now().getTime())
    return markOver(deps, job)
  if (job.charge !== undefined) await forget(deps, job)
  await deps.table.remove(keyOf.jobLive(job.jobId))
}

/** Whether a step of this job, and not a container, puts what it computes into quarantine. */
const hasStepsThatWrite = (kinds: WorkflowDeps['kinds'], { kind, steps }: JobItem): boolean =>
  steps.compute !== undefined && !kinds[kind].hasContainer

/** Whether a gate, or the checkers' last vote, was at work that had not decided against a release. */
const mayLayReady = ({ state, steps, outcome }: JobItem): boolean =>
  state !== 'succeeded' && steps.check !== undefined && outcome !== 'failed' && outcome !== 'blocked'

/** How long something of an ended job may still act. */
function graceSeconds({ kinds }: WorkflowDeps, job: JobItem): number {
  const { lateWriteSeconds } = kinds[job.kind]
  if (job.state === 'cancelled' && job.steps.compute && lateWriteSeconds > 0) return lateWriteSeconds
  // A step that was at work when somebody cancelled may still want its charge, or put its answer into quarantine.
  const mayHang =
    job.charge !== undefined || (job.state === 'cancelled' && hasStepsThatWrite(kinds, job)) || mayLayReady(job)
  return mayHang ? hangingStepSeconds : 0
}

/** The rows a container was given: nothing reads them once it has come to its end. */
export const emptyInputs = (deps: Pick<Deps, 'objects'>, job: JobItem): Promise<void> =>
  empty(deps, 'protected', objectOf.inputs(job.jobId))

/** Outputs that lay ready for a release that did not come true. */
async function emptyUnsettled(deps: WorkflowDeps, job: JobItem): Promise<void> {
  const places = await deps.kinds[job.kind].unsettled(deps, job)
  await Promise.all(places.map((place) => empty(deps, 'released', place)))
}

async function empty(
  deps: Pick<Deps, 'objects'>,
  bucket: 'quarantine' | 'protected' | 'released',
  prefix: string,
): Promise<void> {
  const keys: string[] = []
  for await (const key of deps.objects.list(bucket, prefix)) keys.push(key)
  await Promise.all(keys.map((key) => deps.objects.remove(bucket, key)))
}
