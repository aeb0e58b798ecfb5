/**
 * Looks that are planned: an item that points at what must be looked at stands in the index under the time of the look,
 * so that a schedule finds it without a scan. Planned before what makes it needed is written, and safe to plan twice.
 */
import { ConditionFailed, type Item, type Key, queryAll } from '../../ports/table.ts'
import { createIfAbsent } from './create-if-absent.ts'
import type { Deps } from './deps.ts'

type Tables = Pick<Deps, 'table'>
/** A place in the index. */
export type Place = { gpk: string; gsk: string }

/** A look that is due: what was found in the index, at the place where it was found. */
export type DueLook = Key & Place

const unlessMoved = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

/** Plans a look, or moves the one that is planned. `facts` are what the pointer keeps beside its place. */
export async function planLook(deps: Tables, key: Key, place: Place, facts: object = {}): Promise<void> {
  if (await createIfAbsent(deps, { ...facts, ...key, ...place })) return
  // Cleared in between: it has just been looked at.
  await unlessMoved(deps.table.update(key, { set: place }))
}

/** Puts a look off that was found due, unless somebody has planned another since. */
export const putOffLook = (deps: Tables, { pk, sk, gsk }: DueLook, place: Place): Promise<void> =>
  unlessMoved(
    deps.table.update(
      { pk, sk },
      { set: place, remove: ['failures'], when: [{ attribute: 'gsk', is: 'equal', value: gsk }] },
    ),
  )

/** A store that was busy for a moment must not keep a look waiting; one that fails for ever must not be in the way. */
const retrySeconds = { first: 60, longest: 900 }

/** Puts a look off that failed: by a minute at first, and twice as long each time, up to a quarter of an hour. */
export async function retryLook(deps: Tables, look: DueLook, now: Date, placeAt: (at: Date) => Place): Promise<void> {
  const { pk, sk, gsk } = look
  const { failures = 0 } = (await deps.table.get<{ failures?: number }>({ pk, sk }, ['failures'])) ?? {}
  const seconds = Math.min(retrySeconds.longest, retrySeconds.first * 2 ** failures)
  const place = placeAt(new Date(now.getTime() + seconds * 1000))
  const when = [{ attribute: 'gsk', is: 'equal' as const, value: gsk }]
  await unlessMoved(deps.table.update({ pk, sk }, { set: { ...place, failures: failures + 1 }, when }))
}

/** Takes a look that is done out of the index, unless somebody has planned another since. The pointer stays, asleep. */
export const endLook = (deps: Tables, { pk, sk, gsk }: DueLook): Promise<void> =>
  unlessMoved(
    deps.table.update({ pk, sk }, { remove: ['gpk', 'gsk'], when: [{ attribute: 'gsk', is: 'equal', value: gsk }] }),
  )

/** Whether a look still stands where it was found. */
export const stillDue = async (deps: Tables, { pk, sk, gsk }: DueLook): Promise<boolean> =>
  (await deps.table.get<object>({ pk, sk }, ['gsk']))?.gsk === gsk

export interface DueLooks {
  due: DueLook[]
  astray: DueLook[]
}

/**
 * Looks that are due at `now`, oldest first, and those that are planned further ahead than anybody plans
 * (`horizonSeconds`): a clock was ahead of its time, and they would wait until it is right. At most `limit` of each.
 * Their places in the index begin with the time of the look.
 */
export async function dueLooks(
  deps: Tables,
  gpk: string,
  { now, horizonSeconds, limit }: { now: Date; horizonSeconds: number; limit: number },
): Promise<DueLooks> {
  const furthest = new Date(now.getTime() + horizonSeconds * 1000)
  return {
    due: await looksIn(deps, gpk, { to: `${now.toISOString()}~` }, limit),
    astray: await looksIn(deps, gpk, { from: `${furthest.toISOString()}~` }, limit),
  }
}

/** Looks in a part of the index, in order, at most `limit`. */
export async function looksIn(
  deps: Tables,
  gpk: string,
  range: { from?: string; to?: string },
  limit: number,
): Promise<DueLook[]> {
  const out: DueLook[] = []
  const found: AsyncGenerator<Item<object>> = queryAll<object>(deps.table, gpk, {
    index: true,
    limit: Math.min(limit, 200),
    ...range,
  })
  for await (const { pk, sk, gsk } of found) if (out.push({ pk, sk, gpk, gsk: gsk! }) >= limit) break
  return out
}
