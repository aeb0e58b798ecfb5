/** Stopping a job, and the custodian's approval of an analysis before it runs. */
import type { jobs } from '../../contracts/jobs.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { record, whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type ApprovalItem, type JobItem, keyOf } from '../kernel/items.ts'
import { stopWork } from '../workflow/stopping.ts'
import { end, once } from './ending.ts'
import { move, Overtaken } from './standing.ts'
import { Names, toJob } from './view.ts'

type Routes = (typeof jobs)['routes']

const over = (state: string): Failure =>
  new Failure('wrong-state', `This job is ${state}: there is nothing left to stop.`)

export const cancel: Implementation<Routes['cancel']> = async ({ job, caller, subject }, deps) => {
  let now = job
  for (let tries = 0; ; tries++) {
    if (!jobLife[now.state].live) throw over(now.state)
    try {
      const stopped = await end(
        deps,
        now,
        { code: 'cancelled', step: now.steps.check ? 'check' : now.steps.compute ? 'compute' : 'prepare' },
        { who: whoOf(caller), by: 'request' },
      )
      await stopWork(deps, stopped)
      return await toJob(new Names(deps), stopped, { userId: caller.userId, subject })
    } catch (e) {
      if (!(e instanceof Overtaken) || tries > 5) throw e
      now = (await deps.table.get<JobItem>(keyOf.job(job.jobId))) as typeof job
    }
  }
}

const notWaiting = (): Failure => new Failure('wrong-state', 'This job does not wait for an approval.')

/** The approval is kept under the pin, not the job: the same analysis, asked again unchanged, needs no second one. */
export const approve: Implementation<Routes['approve']> = async ({ job, caller, subject, body }, deps) => {
  if (job.userId === caller.userId)
    throw new Failure('own-output', 'Another custodian has to look at your own analysis.')
  if (job.waiting !== 'approval' || job.state !== 'queued') throw notWaiting()
  if (body.pin !== job.pin)
    throw new Failure(
      'changed-meanwhile',
      'The pin is not this job’s. Load the question again, look at what would run, and approve that.',
    )
  const view = async (now: JobItem) => toJob(new Names(deps), now, { userId: caller.userId, subject })
  const detail = { dataset: job.datasetId, pin: job.pin, ...(body.comment ? { comment: body.comment } : {}) }
  try {
    if (!body.approve) {
      await record(deps, job.organisationId, whoOf(caller), [
        { act: 'job.approval-refused', object: `job ${job.jobId}`, detail },
      ])
      return await view(
        await end(deps, job, { code: 'approval-refused', step: 'prepare' }, { who: whoOf(caller), by: 'request' }),
      )
    }
    const approval: ApprovalItem = {
      datasetId: job.datasetId,
      pin: job.pin,
      jobId: job.jobId,
      by: caller.userId,
      at: deps.now().toISOString(),
    }
    await record(deps, job.organisationId, whoOf(caller), [{ act: 'job.approved', object: `job ${job.jobId}`, detail }])
    await once(deps, { ...keyOf.approval(job.datasetId, job.pin), ...approval })
    const approved = await move(deps, job, { set: { waiting: 'turn' }, unchanged: true })
    await deps.workflow.start(job.jobId, approved.attempt)
    return await view(approved)
  } catch (e) {
    throw e instanceof Overtaken ? notWaiting() : e
  }
}
