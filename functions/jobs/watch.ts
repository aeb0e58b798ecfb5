/**
 * The schedule's visit, every minute and when a host starts: jobs that a crash has left are started again, ended, or
 * cleaned up after.
 */
import { backstage } from '../../contracts/backstage.ts'
import { jobLife, maximumAttempts } from '../../domain/jobs/life.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { sweepExpired } from '../synthesis/expiry.ts'
import { guarded } from '../kernel/grants.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { stopBefore, stopWhatIsLeft } from '../workflow/stopping.ts'
import { settledPipeline } from '../pipelines/steps.ts'
import { attemptsToFindOut, dispatch, hasTurn } from '../pipelines/queue.ts'
import { end, once, ownerPointer, type Pointer } from './ending.ts'
import { settleJob } from './settle.ts'
import { move, objectOf, Overtaken } from './standing.ts'
import { conclude, votesOn } from './voting.ts'

export interface Watched {
  looked: number
  started: number
  ended: number
  failed: number
}
/** A request that made a pointer and no job is over after this long. */
const forgottenSeconds = 600
/** A runner that was told to stop says what came of it, and is gone, within this. */
const lastWordSeconds = 60

async function look(deps: Deps, pointer: Item<Partial<Pointer>>): Promise<'started' | 'ended' | 'waiting'> {
  const jobId = pointer.pk.slice('JOB#'.length)
  const job = await deps.table.get<JobItem>(keyOf.job(jobId))
  if (!job) {
    // Sort keys name the time second, whoever made the pointer.
    if (Date.parse(pointer.gsk!.split('#')[1]!) + forgottenSeconds * 1000 > deps.now().getTime()) return 'waiting'
    await deps.objects.remove('protected', objectOf.ask(jobId))
    await deps.table.remove(keyOf.jobLive(jobId))
    return 'ended'
  }
  if (!jobLife[job.state].live) {
    // A cancellation that was killed before it stopped what computes.
    if (job.state === 'cancelled') await stopWhatIsLeft(deps, job)
    // What was cancelled has no step left that would keep its log, and its runner may still be writing the end of it.
    if (job.kind === 'pipeline' && Date.parse(job.ended!) + lastWordSeconds * 1000 > deps.now().getTime())
      return 'waiting'
    await settleJob(deps, job)
    if (job.kind === 'pipeline') await settledPipeline(deps, jobId)
    return 'ended'
  }
  if (job.waiting === 'approval') {
    await once(deps, ownerPointer(job))
    return 'waiting'
  }
  if (job.state === 'held' && job.outcome === undefined) {
    await conclude(deps, job, await votesOn(deps, jobId), 'step')
    if (job.kind === 'pipeline') await settledPipeline(deps, jobId)
    return 'waiting'
  }
  if (job.state !== 'held' && (await deps.workflow.running(jobId, job.attempt))) return 'waiting'
  if (job.outcome !== undefined) {
    await settleJob(deps, job)
    if (job.kind === 'pipeline') await settledPipeline(deps, jobId)
    return 'ended'
  }
  await once(deps, ownerPointer(job))
  if (job.kind === 'pipeline' && !job.steps.prepare && !(await hasTurn(deps, jobId))) return 'waiting'
  if (job.state === 'queued' && !job.steps.prepare) {
    await deps.workflow.start(jobId, job.attempt)
    return 'started'
  }
  // A pipeline run is not begun anew: its runner goes on, or what became of it is found out
  // (functions/pipelines/steps.ts).
  const lastAttempt = job.attempt >= (job.kind === 'pipeline' ? attemptsToFindOut : maximumAttempts)
  if (lastAttempt || job.kind !== 'pipeline') await stopBefore(deps, job)
  if (lastAttempt) {
    await end(deps, job, {
      code: 'infrastructure',
      step: job.steps.check ? 'check' : job.steps.compute ? 'compute' : 'prepare',
    })
    return 'ended'
  }
  // Only if nothing has moved it since it was read: its execution may just have come to its end.
  const again = await move(deps, job, { set: { attempt: job.attempt + 1 }, unchanged: true })
  await deps.workflow.start(jobId, again.attempt)
  return 'started'
}

/** Looks at every live job; safe to run twice and at the same time. */
export function createWatch(unguarded: Deps): () => Promise<Watched> {
  const deps = guarded(unguarded, 'watch', backstage.find((f) => f.area === 'jobs' && f.name === 'watch')!.grants)
  return async () => {
    const watched: Watched = { looked: 0, started: 0, ended: 0, failed: 0 }
    for await (const pointer of queryAll<Partial<Pointer>>(deps.table, 'JOB#LIVE', { index: true })) {
      watched.looked++
      try {
        const outcome = await look(deps, pointer)
        if (outcome !== 'waiting') watched[outcome]++
      } catch (e) {
        if (e instanceof Overtaken) continue
        watched.failed++
        deps.log('error', {
          route: 'watch',
          error: e instanceof Error ? e.name : typeof e,
          job: pointer.pk.slice('JOB#'.length),
        })
      }
    }
    try {
      await sweepExpired(deps)
    } catch (e) {
      watched.failed++
      deps.log('error', { route: 'watch', error: e instanceof Error ? e.name : typeof e, job: 'expiry' })
    }
    await dispatch(deps)
    deps.log('watched', { ...watched })
    return watched
  }
}
