/** Stopping a job, and the custodian's approval of an analysis before it runs. */
import type { jobs } from '../../contracts/jobs.ts'
import { record, whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type ApprovalItem, type JobItem, keyOf } from '../kernel/items.ts'
import { end } from '../workflow/end-job.ts'
import { move, JobMovedOn } from '../workflow/job-item.ts'
import { toJob } from './view.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import { Names } from '../kernel/names.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { stopJob } from '../workflow/stop-job.ts'

type Routes = (typeof jobs)['routes']

export const cancel: Implementation<Routes['cancel'], WorkflowDeps> = async ({ job, caller, subject }, deps) => {
  const over = (now: JobItem): Failure =>
    new Failure('wrong-state', `This job is ${now.state}: there is nothing left to stop.`)
  const stopped = await stopJob(deps, job, whoOf(caller), over)
  return toJob(deps, new Names(deps), stopped, { userId: caller.userId, subject })
}

const notWaiting = (): Failure => new Failure('wrong-state', 'This job does not wait for an approval.')

/** Whether the same was said of the job before: a job that was approved and not started yet is started. */
async function saidBefore(deps: WorkflowDeps, job: JobItem, userId: string, approved: boolean): Promise<boolean> {
  if (!approved) return job.problem?.code === 'approval-refused'
  const approval = await deps.table.get<ApprovalItem>(keyOf.approval(job.datasetId, job.pin))
  if (approval?.jobId !== job.jobId || approval.by !== userId) return false
  if (job.state === 'queued') await deps.workflow.start(job.jobId, job.attempt)
  return true
}

/** The approval is kept under the pin, not the job: the same analysis, asked again unchanged, needs no second one. */
export const approve: Implementation<Routes['approve'], WorkflowDeps> = async (
  { job, caller, subject, body, intent },
  deps,
) => {
  if (job.userId === caller.userId)
    throw new Failure('own-output', 'Another custodian has to look at your own analysis.')
  const view = async (now: JobItem) => toJob(deps, new Names(deps), now, { userId: caller.userId, subject })
  if (job.waiting !== 'approval' || job.state !== 'queued') {
    if (intent.repeated && (await saidBefore(deps, job, caller.userId, body.approve))) return view(job)
    throw notWaiting()
  }
  if (body.pin !== job.pin)
    throw new Failure(
      'changed-meanwhile',
      'The pin is not this job’s. Load the question again, look at what would run, and approve that.',
    )
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
    await createIfAbsent(deps, { ...keyOf.approval(job.datasetId, job.pin), ...approval })
    const approved = await move(deps, job, { set: { waiting: 'turn' }, unchanged: true })
    await deps.workflow.start(job.jobId, approved.attempt)
    return await view(approved)
  } catch (e) {
    throw e instanceof JobMovedOn ? notWaiting() : e
  }
}
