/** The third step of every job, the only one that reads quarantine: its kind decides what may leave. */
import { backstage } from '../../contracts/backstage.ts'
import { guarded } from '../kernel/grants.ts'
import { jobIfUndecided, JobMovedOn, type StepInput } from './job-item.ts'
import type { StepDeps } from './job-kind.ts'

/** The workflow's step: `(input) => {}`. */
export function createCheck(unguarded: StepDeps): (input: StepInput) => Promise<object> {
  const deps = guarded(unguarded, 'check', backstage.find((f) => f.area === 'jobs' && f.name === 'check')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await jobIfUndecided(deps, jobId, attempt)
    if (!job) return {}
    try {
      await deps.kinds[job.kind].check(deps, job)
    } catch (e) {
      if (!(e instanceof JobMovedOn)) throw e
    }
    return {}
  }
}
