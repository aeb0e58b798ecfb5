/** Least-filled assignment to conditions, as a pure change of one counter. */

export interface Condition {
  name: string
  weight: number
}

/**
 * `load`: completed runs plus live leases by condition. `recent`: the newest changes as [change id, condition], so that
 * a change that is asked for again (a retried start, a sweep after a crash) is not counted again.
 */
export interface Counter {
  load: Record<string, number>
  recent: [id: string, condition: string][]
}

export const emptyCounter: Counter = { load: {}, recent: [] }
/** How many changes a counter remembers: a repeat comes within seconds, other changes meanwhile are few. */
export const remembered = 128

/**
 * The id of a run's `n`-th change of its slot: odd numbers take, even numbers give back, so that run and number
 * alone say what the change is. Twelve characters of a run id are 60 random bits.
 */
export const changeId = (runId: string, n: number): string => `${runId.slice(4, 16)}.${n}`

/**
 * The condition with the least load for its weight; ties by `seed`. Conditions of weight 0 are never chosen. Throws
 * when none can be.
 */
export function leastFilled(load: Record<string, number>, conditions: readonly Condition[], seed: number): string {
  const open = conditions.filter((c) => c.weight > 0)
  if (open.length === 0) throw new RangeError('no condition has a weight above 0')
  const filled = (c: Condition): number => (load[c.name] ?? 0) / c.weight
  const least = Math.min(...open.map(filled))
  const tied = open.filter((c) => filled(c) - least < 1e-9)
  return tied[seed % tied.length]!.name
}

/** A condition by weight and seed alone: previews get one without being counted. */
export function byChance(conditions: readonly Condition[], seed: number): string {
  const total = conditions.reduce((n, c) => n + c.weight, 0)
  let at = ((seed % 100_003) / 100_003) * total
  for (const c of conditions) {
    if (at < c.weight) return c.name
    at -= c.weight
  }
  return leastFilled({}, conditions, seed)
}

const remember = (c: Counter, id: string, condition: string, by: number): Counter => ({
  load: { ...c.load, [condition]: Math.max(0, (c.load[condition] ?? 0) + by) },
  recent: [...c.recent, [id, condition] as [string, string]].slice(-remembered),
})

/**
 * Takes a slot in the least-filled condition; the same change again answers the same condition and leaves the counter
 * as it is.
 */
export function assign(
  c: Counter,
  id: string,
  conditions: readonly Condition[],
  seed: number,
): { counter: Counter; condition: string } {
  const before = c.recent.find(([known]) => known === id)
  if (before) return { counter: c, condition: before[1] }
  const condition = leastFilled(c.load, conditions, seed)
  return { counter: remember(c, id, condition, 1), condition }
}

/**
 * Gives a slot back (`by` -1) or takes it again in the condition it had (`by` 1); the same change again leaves the
 * counter as it is.
 */
export const move = (c: Counter, id: string, condition: string, by: 1 | -1): Counter =>
  c.recent.some(([known]) => known === id) ? c : remember(c, id, condition, by)
