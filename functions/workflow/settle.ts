/** The last step: what was decided becomes the job's state, and everything that follows from it. */
import { backstage } from '../../contracts/backstage.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { Item } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import { guarded } from '../kernel/grants.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { emptyInputs, end, finish, platform } from './end-job.ts'
import { currentStep, JobMovedOn, move, stepEnded, type StepInput } from './job-item.ts'
import type { EndedBy, StepDeps, WorkflowDeps } from './job-kind.ts'
import { heldPointer, markHeld } from './pointers.ts'

/**
 * Held outputs stay in quarantine. The pointer by which checkers find them comes first: it is shown only while the job
 * is held.
 */
async function hold(deps: WorkflowDeps, job: Item<JobItem>): Promise<void> {
  const at = deps.now().toISOString()
  if (deps.kinds[job.kind].hasContainer) await emptyInputs(deps, job)
  await createIfAbsent(deps, heldPointer(job, at))
  await record(deps, job.organisationId, platform, [
    { act: 'job.held', object: `job ${job.jobId}`, detail: { dataset: job.datasetId } },
  ])
  // People take days: meanwhile others have its place.
  await markHeld(deps, job)
  await move(deps, job, {
    to: 'held',
    set: { waiting: 'checkers', votes: 0, steps: stepEnded(job.steps, 'check', at) },
    remove: ['outcome'],
  })
}

/** What was decided, or that the steps came to no decision. */
async function makeTrue(deps: WorkflowDeps, job: Item<JobItem>, by: EndedBy): Promise<void> {
  if (!jobLife[job.state].live) return finish(deps, job, by)
  const waitsForPeople = job.waiting === 'approval' || (job.state === 'held' && job.outcome === undefined)
  if (waitsForPeople) return
  if (job.outcome === 'held') return hold(deps, job)
  const undecided = { code: 'infrastructure' as const, step: currentStep(job) }
  const problem = job.outcome === 'succeeded' ? undefined : ((job.outcome && job.problem) ?? undecided)
  await end(deps, job, problem, { by })
}

/**
 * Makes true what the steps decided, or that they came to no decision. Safe to run any number of times, at the same
 * time.
 */
export async function settleJob(deps: WorkflowDeps, job: Item<JobItem>, by: EndedBy = 'step'): Promise<void> {
  try {
    await makeTrue(deps, job, by)
  } catch (e) {
    if (!(e instanceof JobMovedOn)) throw e
    // Another end won, or the same step runs twice: what is left to do is what follows from the state as it is.
    const now = await deps.table.get<JobItem>(keyOf.job(job.jobId))
    if (now && !jobLife[now.state].live) await finish(deps, now, by)
  }
}

/** The workflow's step: `(input) => {}`. */
export function createSettle(unguarded: StepDeps): (input: StepInput) => Promise<object> {
  const deps = guarded(unguarded, 'settle', backstage.find((f) => f.area === 'jobs' && f.name === 'settle')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await deps.table.get<JobItem>(keyOf.job(jobId))
    if (job && (job.attempt === attempt || !jobLife[job.state].live)) {
      await settleJob(deps, job)
      await deps.kinds[job.kind].afterEnd(deps, jobId)
    }
    return {}
  }
}
