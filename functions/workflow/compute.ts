/**
 * The stage of the workflow that computes in a container: submits it, looks at it until it is over, and stops it when
 * the workflow can wait no longer (contracts/workflow.asl.json). Which place runs it is the port's secret. How the
 * container ended is not judged here: whatever it was, `check` looks for its report.
 */
import { backstage } from '../../contracts/backstage.ts'
import type { Container } from '../../domain/jobs/container.ts'
import { type ContainerWork, queueOf, queueTerms } from '../../domain/jobs/container-queues.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { secondsToNextLook } from '../../domain/jobs/looking.ts'
import { ComputeUnavailable, type ContainerRef, type ContainerState } from '../../ports/compute.ts'
import type { Deps } from '../kernel/deps.ts'
import { guarded } from '../kernel/grants.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'

/** What the workflow asks of this step; `submitted` is what the answer before said. */
export type ComputeInput = { jobId: string; attempt: number } & (
  | { act: 'submit'; compute: ContainerWork; container: { manifest: string } & Container }
  | { act: 'look'; submitted: Submitted }
  | { act: 'stop' }
)
/** A container that the workflow waits for. */
export interface Submitted {
  handle: string
  /** When it was submitted, and until when it is waited for (ISO 8601). */
  at: string
  until: string
}
export interface Progress {
  /** There is nothing left to wait for. */
  over: boolean
  /** Whole seconds until the next look; 0 is at once. */
  wait: number
  submitted: Submitted
}

/** How long a look waits for the end at most, below the state's own patience. Places that are paid for it wait less. */
const patienceMilliseconds = 850_000
/** A place may not know of a container that it accepted so many seconds ago. */
const settlingSeconds = 60

/** Whether this attempt of the job may compute: nobody has ended it, or started it again, meanwhile. */
async function wanted(deps: Pick<Deps, 'table'>, jobId: string, attempt: number): Promise<boolean> {
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  return job !== undefined && jobLife[job.state].live && job.attempt === attempt
}

async function submit(deps: Deps, input: ComputeInput & { act: 'submit' }): Promise<Progress> {
  const { jobId, attempt, compute, container } = input
  const queue = queueOf(compute, container.seconds)
  const { priority, limitSeconds, oncePerJob } = queueTerms[queue]
  const now = deps.now()
  const until = new Date(now.getTime() + limitSeconds * 1000)
  const submitted = { handle: '', at: now.toISOString(), until: until.toISOString() }
  const nothing = { over: true, wait: 0, submitted }
  if (!(await wanted(deps, jobId, attempt))) return nothing
  const { handle } = await deps.compute.submit({
    jobId,
    attempt,
    // A run is never begun anew: its container goes on, or what became of it is found out.
    oncePerJob,
    queue,
    share: container.share,
    priority,
    environment: { CLOISTER_MANIFEST: container.manifest },
    seconds: container.seconds,
    memoryMb: container.memoryMb,
    cpus: container.cpus,
  })
  // Who cancels writes that down first and stops containers then: what was submitted after that is stopped here.
  if (!(await wanted(deps, jobId, attempt))) {
    await deps.compute.stop(jobId, attempt)
    return nothing
  }
  return { over: false, wait: 0, submitted: { ...submitted, handle } }
}

/** For whoever runs the platform: why a container ended, and where its log is unless it ended well. */
async function sayEnd(
  deps: Deps,
  container: ContainerRef,
  { end, exitCode }: ContainerState & { state: 'ended' },
): Promise<void> {
  const log = end === 'succeeded' ? undefined : await deps.compute.logs(container).catch(() => undefined)
  deps.log('container-end', { job: container.jobId, attempt: container.attempt, end, exitCode, log })
}

async function look(deps: Deps, { jobId, attempt, submitted }: ComputeInput & { act: 'look' }): Promise<Progress> {
  const container = { jobId, attempt, handle: submitted.handle }
  const began = deps.now().getTime()
  const over = { over: true, wait: 0, submitted }
  let seen: ContainerState | undefined
  try {
    seen = await deps.compute.state(container, patienceMilliseconds)
  } catch (e) {
    // A place that is away for a while ends no run.
    if (!(e instanceof ComputeUnavailable)) throw e
    deps.log('look', { job: jobId, attempt, state: 'unavailable' })
  }
  if (seen?.state === 'ended') {
    await sayEnd(deps, container, seen)
    return over
  }
  const now = deps.now().getTime()
  // In either direction: a clock that was set back must not keep a lost container for ever.
  const age = Math.abs(now - Date.parse(submitted.at)) / 1000
  if (seen?.state === 'unknown' && age > settlingSeconds) {
    deps.log('container-end', { job: jobId, attempt, end: 'unknown' })
    return over
  }
  if (now >= Date.parse(submitted.until)) {
    await deps.compute.stop(jobId, attempt)
    deps.log('container-end', { job: jobId, attempt, end: 'waited-too-long' })
    return over
  }
  if (seen?.state === 'waiting') deps.log('look', { job: jobId, attempt, state: 'waiting', ahead: seen.ahead })
  return { over: false, wait: secondsToNextLook(age, (now - began) / 1000), submitted }
}

/** The workflow's step. Safe to run twice: a second submission answers the first one's container. */
export function createCompute(unguarded: Deps): (input: ComputeInput) => Promise<Progress | object> {
  const deps = guarded(unguarded, 'compute', backstage.find((f) => f.area === 'jobs' && f.name === 'compute')!.grants)
  return async (input) => {
    switch (input.act) {
      case 'submit':
        return submit(deps, input)
      case 'look':
        return look(deps, input)
      case 'stop':
        await deps.compute.stop(input.jobId, input.attempt)
        return {}
    }
  }
}
