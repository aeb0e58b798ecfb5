/**
 * The schedule's visit: marks silent runs stale, gives their slots back, and finishes starts, aborts and withdrawals
 * that a crash interrupted.
 */
import { backstage } from '../../contracts/backstage.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { guarded } from '../kernel/grants.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { bringUpToDate, purge, staleAt } from './end-run.ts'
import { clearDue, dueRuns, setDue, settleSlot } from './slots.ts'
import { finishStart } from './start.ts'

export interface Swept {
  looked: number
  stale: number
  finished: number
  failed: number
  more: boolean
}
const runsPerVisit = 200
const retrySeconds = 900

async function finish(deps: Deps, found: Item<RunItem>): Promise<'stale' | 'finished' | 'waiting'> {
  const { runId } = found
  let run = found
  if (run.pending) {
    try {
      run = await finishStart(deps, run)
    } catch (e) {
      if (e instanceof Failure) return 'finished' // the link refused it: nothing of the run remains
      throw e
    }
  }
  if (run.state === 'aborted' || run.state === 'withdrawn') await purge(deps, runId)
  if (run.state === 'live') {
    run = (await bringUpToDate(deps, run)).run
    const due = staleAt(run.last)
    if (run.state === 'live' && due > deps.now()) {
      await setDue(deps, runId, due)
      return 'waiting'
    }
    if (run.state === 'live') {
      try {
        run = await deps.table.update<RunItem>(keyOf.run(runId), {
          set: { state: 'stale' },
          when: [{ attribute: 'rev', is: 'equal', value: run.rev! }],
        })
      } catch (e) {
        if (!(e instanceof ConditionFailed)) throw e
        await setDue(deps, runId, new Date(deps.now().getTime() + retrySeconds * 1000)) // a record arrived just now
        return 'waiting'
      }
    }
  }
  await settleSlot(deps, run)
  await clearDue(deps, runId)
  // A record may have woken the run between the two: its pointer must not be lost.
  const now = await deps.table.get<RunItem>(keyOf.run(runId))
  if (now?.state === 'live') await setDue(deps, runId, staleAt(now.last))
  return run.state === 'stale' ? 'stale' : 'finished'
}

/**
 * Looks at up to 200 runs that are due; safe to run twice and at the same time. `more` says that another visit is worth
 * it now.
 */
export function createSweep(unguarded: Deps): () => Promise<Swept> {
  const deps = guarded(unguarded, 'sweep', backstage.find((f) => f.name === 'sweep')!.grants)
  return async () => {
    const ids = await dueRuns(deps, deps.now(), runsPerVisit)
    const swept: Swept = { looked: ids.length, stale: 0, finished: 0, failed: 0, more: ids.length === runsPerVisit }
    for (const runId of ids) {
      try {
        const run = await deps.table.get<RunItem>(keyOf.run(runId))
        if (!run) {
          await clearDue(deps, runId)
          swept.finished++
          continue
        }
        const outcome = await finish(deps, run)
        if (outcome !== 'waiting') swept[outcome]++
      } catch (e) {
        swept.failed++
        deps.log('error', { route: 'sweep', error: e instanceof Error ? e.name : typeof e, run: runId })
        // Later, so that a run that cannot be finished does not stand in the way of the others.
        await setDue(deps, runId, new Date(deps.now().getTime() + retrySeconds * 1000)).catch(() => undefined)
      }
    }
    deps.log('swept', { looked: swept.looked, stale: swept.stale, finished: swept.finished, failed: swept.failed })
    return swept
  }
}
