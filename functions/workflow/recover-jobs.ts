/**
 * The schedule's visit, every minute and when a host starts: jobs that a crash has left are started again, ended, or
 * cleaned up after.
 */
import { backstage } from '../../contracts/backstage.ts'
import { jobKinds, jobLife } from '../../domain/jobs/life.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import { guarded } from '../kernel/grants.ts'
import { indexKeyOf, type JobItem, keyOf } from '../kernel/items.ts'
import { end } from './end-job.ts'
import { currentStep, JobMovedOn, move, objectOf } from './job-item.ts'
import type { StepDeps } from './job-kind.ts'
import { livePointer, ownerPointer, type Pointer } from './pointers.ts'
import { settleJob } from './settle.ts'
import { stopBefore, stopWhatIsLeft } from './stopping.ts'

export interface Watched {
  looked: number
  started: number
  ended: number
  failed: number
}
type Found = 'started' | 'ended' | 'waiting'

/** Of whatever kind, also those that only wait to be forgotten. */
const liveJobs = indexKeyOf.jobLive.asked.partition()
/**
 * A job is not started for ever, whoever is at fault. Whether a container had begun is known to its place alone, which
 * may be gone; but it is limited, and cannot take the platform down as easily as a step.
 */
const mostStarts = { ofContainers: 10, ofSteps: 100 }
/** A request that made a pointer and no job is over after this long. */
const forgottenSeconds = 600

/** A pointer without a job: its request is still at work, or was killed. */
async function forgotten(deps: StepDeps, jobId: string, pointer: Item<Partial<Pointer>>): Promise<Found> {
  // Sort keys name the time second, whoever made the pointer.
  if (Date.parse(pointer.gsk!.split('#')[1]!) + forgottenSeconds * 1000 > deps.now().getTime()) return 'waiting'
  await deps.table.remove(keyOf.jobLive(jobId))
  // The same request, made again after so long, may have made its job at this moment.
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  if (job) {
    await createIfAbsent(deps, livePointer(deps, job))
    return 'waiting'
  }
  await deps.objects.remove('protected', objectOf.ask(jobId))
  return 'ended'
}

async function settled(deps: StepDeps, job: Item<JobItem>): Promise<Found> {
  await settleJob(deps, job)
  await deps.kinds[job.kind].afterEnd(deps, job.jobId)
  return 'ended'
}

/** A job that is over, and of which something was left to do, or may still act. */
async function over(deps: StepDeps, job: Item<JobItem>): Promise<Found> {
  // A cancellation that was killed before it stopped what computes.
  if (job.state === 'cancelled') await stopWhatIsLeft(deps, job)
  // What was cancelled has no step left that would keep its log, and its runner may still be writing the end of it.
  const { lastWordSeconds } = deps.kinds[job.kind]
  if (Date.parse(job.ended!) + lastWordSeconds * 1000 > deps.now().getTime()) return 'waiting'
  return settled(deps, job)
}

/** A live job that no execution works on and no step has decided. */
async function restart(deps: StepDeps, job: Item<JobItem>): Promise<Found> {
  const kind = deps.kinds[job.kind]
  await createIfAbsent(deps, ownerPointer(deps, job))
  if (!job.steps.prepare && !(await kind.mayStart(deps, job))) return 'waiting'
  if (job.state === 'queued' && !job.steps.prepare) {
    await deps.workflow.start(job.jobId, job.attempt)
    return 'started'
  }
  // An attempt that had not begun, or waited for a place, is not at fault for what took the platform down.
  const strikes = (job.strikes ?? 0) + (job.working === job.attempt ? 1 : 0)
  const most = kind.hasContainer && kind.mayRestart ? mostStarts.ofContainers : mostStarts.ofSteps
  const lastAttempt = strikes >= kind.mostAttempts || job.attempt >= most
  if (lastAttempt || kind.mayRestart) await stopBefore(deps, job)
  if (lastAttempt) {
    await end(deps, job, { code: 'infrastructure', step: currentStep(job) })
    return 'ended'
  }
  // Only if nothing has moved it since it was read: its execution may just have come to its end.
  const again = await move(deps, job, { set: { attempt: job.attempt + 1, strikes }, unchanged: true })
  await deps.workflow.start(job.jobId, again.attempt)
  return 'started'
}

async function look(deps: StepDeps, pointer: Item<Partial<Pointer>>, jobId: string): Promise<Found> {
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  if (!job) return forgotten(deps, jobId, pointer)
  if (!jobLife[job.state].live) return over(deps, job)
  if (job.waiting === 'approval') {
    await createIfAbsent(deps, ownerPointer(deps, job))
    return 'waiting'
  }
  if (job.state === 'held' && job.outcome === undefined) {
    const kind = deps.kinds[job.kind]
    await kind.concludeHeld(deps, job, 'step')
    await kind.afterEnd(deps, jobId)
    return 'waiting'
  }
  if (job.state !== 'held' && (await deps.workflow.running(jobId, job.attempt))) return 'waiting'
  return job.outcome === undefined ? restart(deps, job) : settled(deps, job)
}

/** Looks at every live job, then lets each kind do what it does at every visit. Safe to run twice, at the same time. */
export function createRecoverJobs(unguarded: StepDeps): () => Promise<Watched> {
  const deps = guarded(unguarded, 'watch', backstage.find((f) => f.area === 'jobs' && f.name === 'watch')!.grants)
  return async () => {
    const watched: Watched = { looked: 0, started: 0, ended: 0, failed: 0 }
    const failed = (error: unknown, job: string): void => {
      watched.failed++
      deps.log('error', { route: 'watch', error: error instanceof Error ? error.name : typeof error, job })
    }
    for await (const pointer of queryAll<Partial<Pointer>>(deps.table, liveJobs, { index: true })) {
      const { jobId } = keyOf.jobLive.read(pointer)!
      watched.looked++
      try {
        const outcome = await look(deps, pointer, jobId)
        if (outcome !== 'waiting') watched[outcome]++
      } catch (e) {
        if (!(e instanceof JobMovedOn)) failed(e, jobId)
      }
    }
    for (const name of jobKinds) {
      try {
        await deps.kinds[name].afterVisit(deps)
      } catch (e) {
        failed(e, `visit of ${name}`)
      }
    }
    deps.log('watched', { ...watched })
    return watched
  }
}
