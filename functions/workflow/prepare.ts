/** The first step of every job: it runs now, and its kind says whether it may, on what, and what computes. */
import { backstage } from '../../contracts/backstage.ts'
import { endOf } from '../../domain/release/job-codes.ts'
import type { Item } from '../../ports/table.ts'
import { guarded } from '../kernel/grants.ts'
import type { JobItem } from '../kernel/items.ts'
import { decided, jobIfUndecided, JobMovedOn, move, stepEnded, type StepInput, stepStarted } from './job-item.ts'
import { type PreparedJob, Refused, type StepDeps } from './job-kind.ts'

/** The step's answer, on which the workflow's definition branches. */
export interface Prepared extends Pick<PreparedJob, 'compute' | 'container'> {
  jobId: string
  attempt: number
}

/** Decides a job that may not run, and takes back a charge that was not reserved. */
async function refuse(deps: StepDeps, job: Item<JobItem>, { code }: Refused): Promise<void> {
  await move(deps, job, {
    set: decided(job, endOf(code) as 'blocked' | 'failed', deps.now().toISOString(), { code, step: 'prepare' }),
    remove: code === 'budget-exhausted' ? ['charge', 'charged'] : [],
  })
}

async function prepare(deps: StepDeps, found: Item<JobItem>): Promise<Pick<Prepared, 'compute' | 'container'>> {
  const kind = deps.kinds[found.kind]
  const at = deps.now().toISOString()
  const job = await move(deps, found, {
    to: 'running',
    set: { working: found.attempt, steps: stepStarted(kind.mayRestart ? {} : found.steps, 'prepare', at) },
    remove: ['waiting'],
  })
  try {
    const { compute, container, set, computeStarted } = await kind.prepare(deps, job, at)
    const now = deps.now().toISOString()
    const steps = stepStarted(stepEnded(job.steps, 'prepare', now), 'compute', computeStarted ?? now)
    // What computes may have to wait for a place; it says itself when it begins.
    await move(deps, job, { set: { ...set, steps }, remove: ['working'] })
    return { compute, container }
  } catch (e) {
    if (!(e instanceof Refused)) throw e
    await refuse(deps, job, e)
    return { compute: 'none' }
  }
}

/**
 * The workflow's step. `none` when there is nothing (left) to compute: the job was refused, decided, cancelled, or
 * another attempt has it.
 */
export function createPrepare(unguarded: StepDeps): (input: StepInput) => Promise<Prepared> {
  const deps = guarded(unguarded, 'prepare', backstage.find((f) => f.area === 'jobs' && f.name === 'prepare')!.grants)
  return async ({ jobId, attempt }) => {
    const nothing: Prepared = { jobId, attempt, compute: 'none' }
    const job = await jobIfUndecided(deps, jobId, attempt)
    if (!job) return nothing
    try {
      return { ...nothing, ...(await prepare(deps, job)) }
    } catch (e) {
      if (!(e instanceof JobMovedOn)) throw e
      return nothing
    }
  }
}
