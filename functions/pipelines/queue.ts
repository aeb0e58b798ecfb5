/**
 * The queue of runs: one item says who is at work, changed by whoever sees a place free, with the version it was read
 * in as the condition. A run's workflow is started when its turn has come, so the order that the page shows is the
 * order in which runs start, on a laptop and in AWS alike.
 */
import type { pipelines } from '../../contracts/pipelines.ts'
import { defaultQuota, fairOrder, nextRuns, type Quota, type Waiting } from '../../domain/pipelines/fair.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import type { Implementation } from '../kernel/handler.ts'
import { indexKeyOf, type JobItem, keyOf, type RunQueueItem } from '../kernel/items.ts'
import { Names } from '../kernel/names.ts'
import { lostRace, retrying } from '../kernel/retry.ts'

type Routes = (typeof pipelines)['routes']
interface Pointer {
  jobId: string
  created: string
}
const empty: RunQueueItem = { turn: 0, atWork: [], served: {} }
/** Owners whose last turn is remembered. */
const remembered = 500

/** Places for runs at once, in all and for one person. */
export const quotaOf = (deps: Pick<Deps, 'settings'>): Quota => ({
  ...defaultQuota,
  ...deps.settings.pipelines?.().quota,
})

/**
 * Runs that are not over. Pointers lie in the index of live jobs at a place of their own
 * (contracts/jobs.entities.ts).
 */
export async function liveRuns(deps: Pick<Deps, 'table'>, owner?: string): Promise<Waiting[]> {
  const place = indexKeyOf.jobLive.pipelineRun
  const out: Waiting[] = []
  for await (const pointer of queryAll<Pointer>(deps.table, place.partition(), {
    index: true,
    prefix: place.prefix({ userId: owner }),
  })) {
    const { jobId, userId } = place.read(pointer.gsk!)!
    out.push({ run: jobId, owner: userId, created: pointer.created })
  }
  return out
}

/** Runs that the index may not show yet, and one that it may still show. */
export interface Known {
  also?: readonly Waiting[]
  over?: string
}

/**
 * May this job start as soon as there is a place? One that waits for people, or that a crash left without its item,
 * takes none.
 */
const ready = (job: JobItem | undefined): job is JobItem =>
  job !== undefined && jobLife[job.state].live && job.state !== 'held' && job.waiting !== 'approval'

/** The queue as it stands. */
async function queueNow(
  deps: Pick<Deps, 'table'>,
  { also = [], over }: Known = {},
): Promise<{ item: Item<RunQueueItem> | undefined; held: RunQueueItem; waiting: Waiting[] }> {
  const [item, shown] = await Promise.all([deps.table.get<RunQueueItem>(keyOf.runQueue()), liveRuns(deps)])
  const live = [...shown, ...also.filter((a) => !shown.some((w) => w.run === a.run))].filter((w) => w.run !== over)
  const held = item ?? empty
  const ids = new Set(live.map((w) => w.run))
  // What is at work may not be in the index yet: its job says whether its place is free again.
  const unseen = held.atWork.filter((a) => !ids.has(a.run) && a.run !== over)
  const jobs = await Promise.all(unseen.map((a) => deps.table.get<JobItem>(keyOf.job(a.run))))
  for (const [index, { run }] of unseen.entries()) if (ready(jobs[index])) ids.add(run)
  const busy = new Set(held.atWork.map((a) => a.run))
  return {
    item,
    held: { ...held, atWork: held.atWork.filter((a) => ids.has(a.run)) },
    waiting: live.filter((w) => !busy.has(w.run)),
  }
}

/**
 * Runs that may have the free places, and their jobs. Looked at only when their turn comes: most are not asked about.
 */
async function chosenOf(
  deps: Pick<Deps, 'table' | 'settings'>,
  held: RunQueueItem,
  waiting: readonly Waiting[],
): Promise<{ chosen: Waiting[]; jobs: ReadonlyMap<string, JobItem> }> {
  const quota = quotaOf(deps)
  const jobs = new Map<string, JobItem>()
  let line = waiting
  for (;;) {
    const chosen = nextRuns(held.atWork, line, quota, held.served)
    const unseen = chosen.filter((w) => !jobs.has(w.run))
    if (unseen.length === 0) return { chosen, jobs }
    const found = await Promise.all(unseen.map((w) => deps.table.get<JobItem>(keyOf.job(w.run))))
    for (const [index, { run }] of unseen.entries()) {
      const job = found[index]
      if (ready(job)) jobs.set(run, job)
      else line = line.filter((w) => w.run !== run)
    }
  }
}

/** The queue once they have their places. */
function withPlaces(held: RunQueueItem, chosen: readonly Waiting[]): RunQueueItem {
  const given = chosen.map(({ run, owner }, i) => ({ run, owner, turn: held.turn + i + 1 }))
  const served = { ...held.served, ...Object.fromEntries(given.map(({ owner, turn }) => [owner, turn])) }
  const newest = Object.entries(served)
    .sort(([, a], [, b]) => b - a)
    .slice(0, remembered)
  return {
    turn: held.turn + chosen.length,
    atWork: [...held.atWork, ...given],
    served: Object.fromEntries(newest),
  }
}

/** Tries after which the watch gives out what is still free. */
const dispatchTries = 9

/** Gives free places to those whose turn it is and starts them. Safe to call at any time, by many at once. */
export async function dispatch(
  deps: Pick<Deps, 'table' | 'workflow' | 'settings' | 'pause' | 'random'>,
  known: Known = {},
): Promise<string[]> {
  const give = async () => {
    const { item, held, waiting } = await queueNow(deps, known)
    const { chosen, jobs } = await chosenOf(deps, held, waiting)
    if (chosen.length === 0 && held.atWork.length === (item?.atWork.length ?? 0)) return { chosen, jobs }
    const next = { ...keyOf.runQueue(), ...withPlaces(held, chosen) }
    await (item ? deps.table.replace(next, item.rev!) : deps.table.create(next))
    return { chosen, jobs }
  }
  try {
    const { chosen, jobs } = await retrying(deps, give, { times: dispatchTries })
    for (const { run } of chosen) await deps.workflow.start(run, jobs.get(run)!.attempt)
    return chosen.map(({ run }) => run)
  } catch (e) {
    // Others gave out places at these moments: they saw what we did, or the watch will.
    if (lostRace(e)) return []
    throw e
  }
}

/** Whether a run's turn has come: then the watch may start it when a crash has not. */
export const hasTurn = async (deps: Pick<Deps, 'table'>, jobId: string): Promise<boolean> =>
  ((await deps.table.get<RunQueueItem>(keyOf.runQueue()))?.atWork ?? []).some((a) => a.run === jobId)

/** Where runs stand in the queue, for views. */
export interface QueueStanding {
  of(
    jobId: string,
  ): { position: number; waiting: number; running: number; slots: number; mine: number; perOwner: number } | undefined
}

/** Where every waiting run stands now. */
export async function queueStandingOf(deps: Pick<Deps, 'table' | 'settings'>): Promise<QueueStanding> {
  const { held, waiting } = await queueNow(deps)
  const order = fairOrder(held.atWork, waiting, held.served)
  const quota = quotaOf(deps)
  return {
    of(jobId) {
      const at = order.findIndex((w) => w.run === jobId)
      return at < 0
        ? undefined
        : {
            position: at + 1,
            waiting: order.length,
            running: held.atWork.length,
            slots: quota.slots,
            mine: held.atWork.filter((a) => a.owner === order[at]!.owner).length,
            perOwner: quota.perOwner,
          }
    },
  }
}

export const queue: Implementation<Routes['queue']> = async ({ params, caller }, deps) => {
  const { held, waiting } = await queueNow(deps)
  const names = new Names(deps)
  const quota = quotaOf(deps)
  const order = fairOrder(held.atWork, waiting, held.served)
  const shown = await Promise.all(
    order.slice(0, 200).map(async (waiting, index) => {
      const job = await names.job(waiting.run)
      if (job?.organisationId !== params.organisationId) return []
      const mine = waiting.owner === caller.userId
      return [
        {
          position: index + 1,
          owner: await names.person(waiting.owner),
          mine,
          created: waiting.created,
          ...(mine ? { jobId: waiting.run, title: job.title } : {}),
        },
      ]
    }),
  )
  return { slots: quota.slots, perOwner: quota.perOwner, running: held.atWork.length, waiting: shown.flat() }
}
