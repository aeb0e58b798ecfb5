/**
 * The schedule's visit: counts runs to their last record, marks silent ones stale, gives their slots back, and finishes
 * starts, aborts and withdrawals that a crash interrupted, and removes what a deleted study and unnamed uploads leave.
 */
import { backstage } from '../../contracts/backstage.ts'
import { lookAfterSeconds, runLife, staleAt } from '../../domain/runs/life.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { each } from '../kernel/each.ts'
import { Failure } from '../kernel/failure.ts'
import { guarded } from '../kernel/grants.ts'
import { keyOf, type RunItem, type StudyItem } from '../kernel/items.ts'
import { isBehind } from './chunks.ts'
import { bringUpToDate, lateObjects, lookAfter, purge } from './end-run.ts'
import { removeUnnamed } from './sealed-objects.ts'
import { settleSlot } from './slots.ts'
import { clearDue, type DueRun, dueRuns, plannedRuns, putOff, setDue, tryAgain } from '../stores/run-looks.ts'
import { sweepRests } from '../stores/study-rest.ts'
import { studyUploads } from '../stores/study-uploads.ts'
import { tidyUploads } from '../stores/uploads.ts'
import { finishStart } from './start.ts'
import { clockWentBack, noteVisit } from './sweep-visit.ts'

export interface Swept {
  looked: number
  stale: number
  finished: number
  failed: number
  more: boolean
}
type Outcome = 'stale' | 'finished' | 'waiting'
const runsPerVisit = 1000
/** Runs that are looked at side by side. */
const width = 8

/**
 * A live run: counted, if records came since it was; looked at again soon while they may still come in the shadow of a
 * count; stale after an hour of silence. Answers the stale run, or undefined while it is live.
 */
async function lookAtLive(deps: Deps, found: Item<RunItem>, due: DueRun): Promise<Item<RunItem> | undefined> {
  const now = deps.now()
  // A clock that was ahead of its time has dated the run: counted anew, with the present as its last sign of life.
  if (found.last > now.toISOString() || (await isBehind(deps, found))) {
    const { run } = await bringUpToDate(deps, found)
    if (run.state !== 'live') return run
    await putOff(deps, due, lookAfter(now))
    return undefined
  }
  const sinceCount = Math.abs(now.getTime() - Date.parse(found.counted ?? found.last))
  const quiet = sinceCount >= lookAfterSeconds * 1000
  const stale = staleAt(found.last, now)
  if (!quiet || stale > now) {
    await putOff(deps, due, quiet ? stale : lookAfter(now))
    return undefined
  }
  try {
    return await deps.table.update<RunItem>(keyOf.run(found.runId), {
      set: { state: 'stale' },
      when: [{ attribute: 'rev', is: 'equal', value: found.rev! }],
    })
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
    await putOff(deps, due, lookAfter(now)) // a record arrived just now
    return undefined
  }
}

async function finish(deps: Deps, found: Item<RunItem>, due: DueRun): Promise<Outcome> {
  const { runId } = found
  let run = found
  if (run.pending) {
    try {
      run = await finishStart(deps, run)
    } catch (e) {
      // The link refused it, and nothing of the run remains; or its study is being deleted.
      if (e instanceof Failure) return 'finished'
      throw e
    }
  }
  // Woken by a record whose count was lost.
  if (run.state !== 'live' && runLife[run.state].takesRecords && (await isBehind(deps, run)))
    run = (await bringUpToDate(deps, run)).run
  if (run.state === 'live') {
    const after = await lookAtLive(deps, run, due)
    if (!after) return 'waiting'
    run = after
  }
  if (!runLife[run.state].hasData) await purge(deps, runId)
  if (run.state === 'completed' && run.objects) await removeUnnamed(deps, runId)
  await settleSlot(deps, run)
  const late = lateObjects(run)
  if (late && late > deps.now()) {
    await putOff(deps, due, late)
    return 'waiting'
  }
  await clearDue(deps, runId)
  // A record may have woken the run between the two: its pointer must not be lost.
  const now = await deps.table.get<RunItem>(keyOf.run(runId))
  if (now?.state === 'live') await setDue(deps, runId, lookAfter(deps.now()))
  return run.state === 'stale' ? 'stale' : 'finished'
}

/** Whether a run's study was deleted: only such runs can be left of one as are previews, or have no data. */
const isOrphan = async (deps: Deps, run: RunItem): Promise<boolean> =>
  (run.preview || !runLife[run.state].hasData) &&
  (await deps.table.get<StudyItem>(keyOf.study(run.studyId), ['studyId'])) === undefined

async function look(deps: Deps, due: DueRun): Promise<Outcome> {
  const run = await deps.table.get<RunItem>(keyOf.run(due.runId))
  if (run && !(await isOrphan(deps, run))) return finish(deps, run, due)
  if (run) {
    await purge(deps, due.runId)
    await deps.table.remove(keyOf.run(due.runId))
  }
  await clearDue(deps, due.runId)
  return 'finished'
}

/**
 * Looks at runs that are due; safe to run twice and at the same time. `more` says that another visit is worth it now.
 */
export function createSweep(unguarded: Deps): () => Promise<Swept> {
  const deps = guarded(unguarded, 'sweep', backstage.find((f) => f.name === 'sweep')!.grants)
  return async () => {
    const logged = (what: string) => (error: unknown) =>
      deps.log('error', { route: 'sweep', error: error instanceof Error ? error.name : typeof error, run: what })
    const wentBack = await clockWentBack(deps).catch(logged('visit'))
    const due = wentBack ? await plannedRuns(deps) : await dueRuns(deps, deps.now(), runsPerVisit)
    const more = !wentBack && due.length >= runsPerVisit
    const swept: Swept = { looked: due.length, stale: 0, finished: 0, failed: 0, more }
    await each(
      due,
      async (one) => {
        try {
          const outcome = await look(deps, one)
          if (outcome !== 'waiting') swept[outcome]++
        } catch (e) {
          swept.failed++
          logged(one.runId)(e)
          // Later, so that a run that cannot be finished does not stand in the way of the others.
          await tryAgain(deps, one, deps.now()).catch(() => undefined)
        }
      },
      width,
    )
    await noteVisit(deps).catch(logged('visit'))
    await sweepRests(deps).catch(logged('rests'))
    await tidyUploads(deps, studyUploads).catch(logged('uploads'))
    if (due.length > 0)
      deps.log('swept', { looked: swept.looked, stale: swept.stale, finished: swept.finished, failed: swept.failed })
    return swept
  }
}
