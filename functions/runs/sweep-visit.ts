/**
 * When the sweep came last. A clock that stands before that was ahead of its time then, or is behind it now: whatever
 * was planned by it is looked at, and planned anew by the clock as it is.
 */
import type { Deps } from '../kernel/deps.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import { keyOf, type SweepVisitItem } from '../kernel/items.ts'

/** Clocks of two machines, and one that is set by small steps, are this far apart. */
const slackSeconds = 60

/** Whether the clock went back since the last visit. */
export async function clockWentBack({ table, now }: Pick<Deps, 'table' | 'now'>): Promise<boolean> {
  const visit = await table.get<SweepVisitItem>(keyOf.sweepVisit())
  return visit !== undefined && Date.parse(visit.at) > now().getTime() + slackSeconds * 1000
}

/** Keeps the time of this visit, once all that was due has been looked at. */
export async function noteVisit(deps: Pick<Deps, 'table' | 'now'>): Promise<void> {
  const at = deps.now().toISOString()
  if (await createIfAbsent<SweepVisitItem>(deps, { ...keyOf.sweepVisit(), at })) return
  await deps.table.update<SweepVisitItem>(keyOf.sweepVisit(), { set: { at } })
}
