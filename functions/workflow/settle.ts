/** The last step: what was decided becomes the job's state, and everything that follows from it. */
import { backstage } from '../../contracts/backstage.ts'
import type { JobStep } from '../../domain/jobs/life.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { Item } from '../../ports/table.ts'
import { record } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { guarded } from '../kernel/grants.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { settledPipeline } from '../pipelines/workflow-steps.ts'
import { emptyInputs, end, finish, heldPointer, createIfAbsent, outOfQueue, platform } from './end-job.ts'
import { move, JobMovedOn, type StepInput, stepEnded } from './job-item.ts'

const stepOf = (job: JobItem): JobStep => (job.steps.check ? 'check' : job.steps.compute ? 'compute' : 'prepare')

/**
 * Held outputs stay in quarantine. The pointer by which checkers find them comes first: it is shown only while the job
 * is held.
 */
async function hold(deps: Deps, job: Item<JobItem>): Promise<void> {
  const at = deps.now().toISOString()
  if (job.kind === 'script' || job.kind === 'pipeline') await emptyInputs(deps, job)
  await createIfAbsent(deps, heldPointer(job, at))
  await record(deps, job.organisationId, platform, [
    { act: 'job.held', object: `job ${job.jobId}`, detail: { dataset: job.datasetId } },
  ])
  // People take days: meanwhile others have its place in the queue of runs.
  if (job.kind === 'pipeline') await outOfQueue(deps, job)
  await move(deps, job, {
    to: 'held',
    set: { waiting: 'checkers', votes: 0, steps: stepEnded(job.steps, 'check', at) },
    remove: ['outcome'],
  })
}

/**
 * Makes true what the steps decided, or that they came to no decision. Safe to run any number of times, at the same
 * time.
 */
export async function settleJob(deps: Deps, job: Item<JobItem>, by: 'step' | 'request' = 'step'): Promise<void> {
  try {
    if (!jobLife[job.state].live) await finish(deps, job, by)
    else if (job.waiting === 'approval' || (job.state === 'held' && job.outcome === undefined)) return
    else if (job.outcome === 'held') await hold(deps, job)
    else if (job.outcome === 'succeeded') await end(deps, job, undefined, { by })
    else
      await end(deps, job, job.outcome && job.problem ? job.problem : { code: 'infrastructure', step: stepOf(job) }, {
        by,
      })
  } catch (e) {
    if (!(e instanceof JobMovedOn)) throw e
    // Another end won, or the same step runs twice: what is left to do is what follows from the state as it is.
    const now = await deps.table.get<JobItem>(keyOf.job(job.jobId))
    if (now && !jobLife[now.state].live) await finish(deps, now, by)
  }
}

/** The workflow's step: `(input) => {}`. */
export function createSettle(unguarded: Deps): (input: StepInput) => Promise<object> {
  const deps = guarded(unguarded, 'settle', backstage.find((f) => f.area === 'jobs' && f.name === 'settle')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await deps.table.get<JobItem>(keyOf.job(jobId))
    if (job && (job.attempt === attempt || !jobLife[job.state].live)) {
      await settleJob(deps, job)
      if (job.kind === 'pipeline') await settledPipeline(deps, job.jobId)
    }
    return {}
  }
}
