/**
 * For tests of processes that meet: a table over a network, on a clock that only those who wait for it move. Each call
 * takes 5 to 20 ms, half of it before it is done, and a process may be killed at any half. The same seed gives the same
 * history.
 */
import { createHash } from 'node:crypto'
import {
  AlreadyExists,
  type Change,
  type Condition,
  ConditionFailed,
  type Item,
  type Key,
  type QueryOptions,
  type Table,
} from '../../../ports/table.ts'

/** The process is gone: nothing that it would have done happens any more. */
export class Killed extends Error {
  override name = 'Killed'
}

/** Digests at once, to stand in for web crypto's: no simulated clock can wait for those. */
export const digestNow = async (_: unknown, data: Uint8Array): Promise<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(data).digest()).buffer

/** Chance from a seed (mulberry32): 0 up to 1. */
export function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Time that passes only when everybody waits for it. */
function simulatedTime() {
  let now = 0
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (milliseconds: number) => new Promise<void>((wake) => void sleepers.push({ at: now + milliseconds, wake })),
    async untilNobodySleeps(): Promise<void> {
      for (;;) {
        await new Promise(setImmediate)
        if (sleepers.length === 0) return
        now = Math.min(...sleepers.map((sleeper) => sleeper.at))
        const awake = sleepers.filter((sleeper) => sleeper.at === now)
        sleepers = sleepers.filter((sleeper) => sleeper.at !== now)
        for (const { wake } of awake) wake()
      }
    },
  }
}

function holds(item: Record<string, unknown>, condition: Condition): boolean {
  const value = item[condition.attribute]
  if (!('value' in condition)) return (value !== undefined) === (condition.is === 'present')
  if (value === undefined) return false
  const limit = condition.value
  if (condition.is === 'equal') return value === limit
  if (condition.is === 'different') return value !== limit
  return condition.is === 'at-most' ? (value as number) <= Number(limit) : (value as number) >= Number(limit)
}

function changed(item: Item, { set = {}, add = {}, remove = [] }: Change): Item {
  const next: Record<string, unknown> = { ...item, ...set, rev: (item.rev ?? 0) + 1 }
  for (const [name, by] of Object.entries(add)) next[name] = ((item as never as Record<string, number>)[name] ?? 0) + by
  for (const name of remove) delete next[name]
  return next as Item
}

/** Does the work of a call, when its time has come. */
type Through = <T>(act: keyof Table, work: () => T) => Promise<T>

/** Items in memory. */
function memory() {
  const items = new Map<string, Item>()
  const at = ({ pk, sk }: Key): string => `${pk}\n${sk}`
  const put = (item: Item): Item => {
    items.set(at(item), structuredClone(item))
    return item
  }
  const found = (partition: string, { index, from = '', to = '~', prefix = '', backwards }: QueryOptions): Item[] => {
    const [partitionKey, sortKey] = index ? (['gpk', 'gsk'] as const) : (['pk', 'sk'] as const)
    const inOrder = [...items.values()]
      .filter((item) => item[partitionKey] === partition)
      .map((item) => ({ item, place: item[sortKey]! }))
      .filter(({ place }) => place >= from && place <= to && place.startsWith(prefix))
      .sort((one, other) => (one.place < other.place ? -1 : 1))
      .map(({ item }) => item)
    return backwards ? inOrder.reverse() : inOrder
  }
  const table = (through: Through): Table => ({
    get: (key) => through('get', () => items.get(at(key)) as never),
    create: (item) =>
      through('create', () => {
        if (items.has(at(item))) throw new AlreadyExists()
        return put({ ...(item as never as Item), rev: 1 }) as typeof item
      }),
    replace: (item, rev) =>
      through('replace', () => {
        if (items.get(at(item))?.rev !== rev) throw new ConditionFailed()
        return put({ ...(item as never as Item), rev: rev + 1 }) as typeof item
      }),
    update: (key, change) =>
      through('update', () => {
        const item = items.get(at(key))
        if (!item || !(change.when ?? []).every((condition) => holds(item, condition))) throw new ConditionFailed()
        return put(changed(item, change)) as never
      }),
    remove: (key, when = []) =>
      through('remove', () => {
        const item = items.get(at(key))
        if (item && !when.every((condition) => holds(item, condition))) throw new ConditionFailed()
        items.delete(at(key))
      }),
    query: (partition, options = {}) =>
      through('query', () => ({ items: found(partition, options).slice(0, options.limit) as never[] })),
  })
  return { table, stored: (partition: string): Item[] => found(partition, {}) }
}

/** A table in memory whose calls take turns by chance: for requests that meet. */
export const tableOfTurns = (seed: number): Table => {
  const chance = chanceFrom(seed)
  return memory().table(async (_, work) => {
    for (let turns = Math.floor(chance() * 4); turns > 0; turns--) await new Promise(setImmediate)
    return structuredClone(work())
  })
}

/** A store, its clock, and processes that use it. */
export function network(seed: number) {
  const chance = chanceFrom(seed)
  const time = simulatedTime()
  const store = memory()
  const calls: Partial<Record<keyof Table, number>> = {}

  /** Killed at its `killedAt`-th half of a call: an odd one before the call is done, an even one after it. */
  function process(killedAt = Infinity) {
    let half = 0
    const step = async (milliseconds: number): Promise<void> => {
      await time.sleep(milliseconds)
      if (++half >= killedAt) throw new Killed()
    }
    const table = store.table(async (act, work) => {
      calls[act] = (calls[act] ?? 0) + 1
      const milliseconds = (5 + chance() * 15) / 2
      await step(milliseconds)
      const answer = structuredClone(work())
      await step(milliseconds)
      return answer
    })
    return {
      table,
      now: () => new Date(Date.parse('2026-03-02T09:00:00.000Z') + time.now()),
      pause: time.sleep,
      memory: new Map(),
      random: (bytes: number) => Uint8Array.from({ length: bytes }, () => chance() * 256),
    }
  }
  return { time, calls, process, stored: store.stored }
}
export type Network = ReturnType<typeof network>
