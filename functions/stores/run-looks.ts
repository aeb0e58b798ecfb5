/** Looks of the sweep at runs: each has one pointer, from before its start until nothing is left to do for it. */
import { furthestLookSeconds } from '../../domain/runs/life.ts'
import type { Deps } from '../kernel/deps.ts'
import { indexKeyOf, keyOf } from '../kernel/items.ts'
import { type DueLook, dueLooks, looksIn, type Place, planLook, putOffLook, retryLook } from '../kernel/looks.ts'

type Tables = Pick<Deps, 'table'>

const placeOf = (runId: string, at: Date): Place => indexKeyOf.due.byTime({ at: at.toISOString(), runId })

/** A run that is due, and where it was found. */
export interface DueRun extends DueLook {
  runId: string
}

/** Asks the sweep to look at a run at an instant. */
export const setDue = (deps: Tables, runId: string, at: Date): Promise<void> =>
  planLook(deps, keyOf.due(runId), placeOf(runId, at), { runId })

/**
 * Puts off a look at a run that was found due, unless somebody has planned another since: who counts a run while the
 * sweep looks at it wants it looked at again soon.
 */
export const putOff = (deps: Tables, due: DueRun, at: Date): Promise<void> =>
  putOffLook(deps, due, placeOf(due.runId, at))

/** Puts off a look that failed, longer each time. */
export const tryAgain = (deps: Tables, due: DueRun, now: Date): Promise<void> =>
  retryLook(deps, due, now, (at) => placeOf(due.runId, at))

/** The sweep need not look at this run any more. */
export const clearDue = (deps: Tables, runId: string): Promise<void> => deps.table.remove(keyOf.due(runId))

/**
 * Runs that are due at `now`, oldest first, and then those whose look is planned for a time that nobody plans for. At
 * most `limit` of each.
 */
export async function dueRuns(deps: Tables, now: Date, limit: number): Promise<DueRun[]> {
  const when = { now, horizonSeconds: furthestLookSeconds, limit }
  const { due, astray } = await dueLooks(deps, indexKeyOf.due.byTime.partition(), when)
  return named([...due, ...astray])
}

/** Every run that a look is planned at. */
export const plannedRuns = async (deps: Tables): Promise<DueRun[]> =>
  named(await looksIn(deps, indexKeyOf.due.byTime.partition(), {}, Infinity))

const named = (looks: DueLook[]): DueRun[] => looks.map((due) => ({ ...due, runId: keyOf.due.read(due)!.runId }))
