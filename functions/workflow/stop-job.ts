/** Stopping a job because a person wants it: `cancelled`, never `failed`. */
import type { Who } from '../../domain/audit/chain.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { Item } from '../../ports/table.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { retrying } from '../kernel/retry.ts'
import { end } from './end-job.ts'
import { currentStep, JobMovedOn } from './job-item.ts'
import type { WorkflowDeps } from './job-kind.ts'
import { stopWork } from './stopping.ts'

/**
 * Ends a live job as cancelled and stops what computes. Throws what `over` makes of the state when it is over already.
 * A job that moves on at the same moment is looked at again.
 */
export async function stopJob<Job extends Item<JobItem>>(
  deps: WorkflowDeps,
  job: Job,
  who: Who,
  over: (job: Job) => Error,
): Promise<Job> {
  let now = job
  const stopped = await retrying(
    deps,
    async (tries) => {
      if (tries > 0) now = (await deps.table.get<JobItem>(keyOf.job(job.jobId))) as Job
      if (!jobLife[now.state].live) throw over(now)
      return end(deps, now, { code: 'cancelled', step: currentStep(now) }, { who, by: 'request' })
    },
    { when: (e) => e instanceof JobMovedOn },
  )
  await stopWork(deps, stopped)
  return stopped as Job
}
