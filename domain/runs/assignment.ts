/** Least-filled assignment to conditions, as a pure change of one counter. */
import { own } from '../own.ts'

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
 * The id of a run's `n`-th change of its slot, `n` from 1: odd numbers take the slot, even numbers give it back, so
 * that run and number alone say what the change is. Twelve characters of a run id hold 60 random bits.
 */
export const changeId = (runId: string, n: number): string => `${runId.slice(4, 16)}.${n}`

/**
 * The name of the condition with the least load for its weight. Among equals the seed (a whole number from 0) chooses.
 * Conditions of weight 0 are never chosen. Throws a RangeError when no condition has a weight above 0.
 */
export function leastFilled(load: Record<string, number>, conditions: readonly Condition[], seed: number): string {
  const open = conditions.filter((c) => c.weight > 0)
  if (open.length === 0) throw new RangeError('no condition has a weight above 0')
  const filled = (c: Condition): number => (own(load, c.name) ?? 0) / c.weight
  const least = Math.min(...open.map(filled))
  const tied = open.filter((c) => filled(c) - least < 1e-9)
  return tied[seed % tied.length]!.name
}

/**
 * A condition by weight and seed alone: previews get one without being counted. Throws a RangeError when no condition
 * has a weight above 0.
 */
export function byChance(conditions: readonly Condition[], seed: number): string {
  const total = conditions.reduce((n, c) => n + c.weight, 0)
  let at = ((seed % 100_003) / 100_003) * total
  for (const condition of conditions) {
    if (at < condition.weight) return condition.name
    at -= condition.weight
  }
  return leastFilled({}, conditions, seed)
}

const remember = (counter: Counter, id: string, condition: string, by: number): Counter => ({
  load: { ...counter.load, [condition]: Math.max(0, (own(counter.load, condition) ?? 0) + by) },
  recent: [...counter.recent, [id, condition] as [string, string]].slice(-remembered),
})

/**
 * Takes a slot in the least-filled condition and answers the counter after it. The same change again answers the same
 * condition and leaves the counter as it is. Throws a RangeError when no condition has a weight above 0.
 */
export function assign(
  counter: Counter,
  id: string,
  conditions: readonly Condition[],
  seed: number,
): { counter: Counter; condition: string } {
  const before = counter.recent.find(([known]) => known === id)
  if (before) return { counter: counter, condition: before[1] }
  const condition = leastFilled(counter.load, conditions, seed)
  return { counter: remember(counter, id, condition, 1), condition }
}

/**
 * The counter after a slot of `condition` was given back (`by` -1) or taken again (`by` 1). The same change again
 * leaves the counter as it is; a load does not fall below 0.
 */
export const moveSlot = (counter: Counter, id: string, condition: string, by: 1 | -1): Counter =>
  counter.recent.some(([known]) => known === id) ? counter : remember(counter, id, condition, by)
