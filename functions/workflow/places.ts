/** A person's places for jobs that are not over: one item, changed under its version before a job comes to be. */
import { jobLife } from '../../domain/jobs/life.ts'
import { type Named, type Places, withoutThoseOver, withPlacesFor } from '../../domain/jobs/places.ts'
import { each } from '../kernel/each.ts'
import { inTurn } from '../kernel/in-turn.ts'
import { type JobItem, type JobPlacesItem, keyOf } from '../kernel/items.ts'
import { contendedTries, retrying } from '../kernel/retry.ts'
import type { WorkflowDeps } from './job-kind.ts'

type Hands = Pick<WorkflowDeps, 'table' | 'now' | 'pause' | 'random' | 'memory' | 'kinds'>

/** How the jobs stand that hold a place. One that people look at holds none where its kind says so. */
async function standingOf({ table, kinds }: Hands, places: Places): Promise<(id: string) => Named> {
  const ids = Object.keys(places)
  const jobs = await each(ids, (id) => table.get<Pick<JobItem, 'state' | 'kind'>>(keyOf.job(id), ['state', 'kind']))
  return (id) => {
    const job = jobs[ids.indexOf(id)]
    if (!job) return 'missing'
    const { livePlace, heldPlace } = kinds[job.kind]
    const waitsForPeople = job.state === 'held' && livePlace !== heldPlace
    return jobLife[job.state].live && !waitsForPeople ? 'live' : 'over'
  }
}

/**
 * Takes a place for each of these jobs, all or none; those that have one keep it. Answers whether there was room. Call
 * it before a job is written: whoever is killed in between leaves a place that is free again after ten minutes. Nobody
 * gives a place back: who finds none free looks which jobs are over, and takes theirs.
 */
export async function takePlaces(
  deps: Hands,
  { userId, line, most }: { userId: string; line: JobPlacesItem['line']; most: number },
  jobIds: readonly string[],
): Promise<boolean> {
  const key = keyOf.jobPlaces(userId, line)
  const take = async (): Promise<boolean> => {
    const item = await deps.table.get<JobPlacesItem>(key)
    const before = item?.held ?? {}
    const at = deps.now()
    const known = withPlacesFor(before, jobIds, most, at.toISOString())
    const held =
      known ??
      withPlacesFor(withoutThoseOver(before, await standingOf(deps, before), at), jobIds, most, at.toISOString())
    if (!held) return false
    const next = { ...key, line, held }
    await (item ? deps.table.replace(next, item.rev!) : deps.table.create(next))
    return true
  }
  return inTurn(deps, key.pk + key.sk, () => retrying(deps, take, { times: contendedTries }))
}
