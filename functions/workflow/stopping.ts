/** Stopping what computes for a job, so that nothing of it runs on. Whoever calls this has ended the job before. */
import { ComputeUnavailable } from '../../ports/compute.ts'
import type { JobItem } from '../kernel/items.ts'
import type { WorkflowDeps } from './job-kind.ts'

/** For so long after a job's end its containers are looked for again: a stop may have failed, or come too early. */
const stopAgainSeconds = 900

/** A container is submitted once the job was prepared. */
const mayHaveContainer = (deps: Pick<WorkflowDeps, 'kinds'>, job: JobItem): boolean =>
  deps.kinds[job.kind].hasContainer && job.steps.prepare !== undefined

/**
 * Stops a cancelled job's execution, then its container: an execution that goes on would submit another. A place that
 * is away fails nobody's request: the watch stops the container at its next visit.
 */
export async function stopWork(
  deps: Pick<WorkflowDeps, 'workflow' | 'compute' | 'log' | 'kinds'>,
  job: JobItem,
): Promise<void> {
  await deps.workflow.stop(job.jobId, job.attempt)
  if (!mayHaveContainer(deps, job)) return
  try {
    await deps.compute.stop(job.jobId, job.attempt)
  } catch (e) {
    if (!(e instanceof ComputeUnavailable)) throw e
    deps.log('error', { at: 'stop', error: e.name, job: job.jobId })
  }
}

/** The same for the watch, of a job whose cancellation may have been interrupted before all was stopped. */
export async function stopWhatIsLeft(
  deps: Pick<WorkflowDeps, 'workflow' | 'compute' | 'now' | 'kinds'>,
  job: JobItem,
): Promise<void> {
  if (await deps.workflow.running(job.jobId, job.attempt)) await deps.workflow.stop(job.jobId, job.attempt)
  if (!mayHaveContainer(deps, job)) return
  // A run on a laptop outlives its host, however long that is away.
  const lately = deps.now().getTime() < Date.parse(job.ended!) + stopAgainSeconds * 1000
  if (lately || !deps.kinds[job.kind].mayRestart) await deps.compute.stop(job.jobId, job.attempt)
}

/** Before a job is started again, or given up: its lost execution may have left a container at work. */
export async function stopBefore(deps: Pick<WorkflowDeps, 'compute' | 'kinds'>, job: JobItem): Promise<void> {
  if (mayHaveContainer(deps, job)) await deps.compute.stop(job.jobId, job.attempt)
}
