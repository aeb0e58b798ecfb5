/** A run's sealed chunks in the table: stored once, first write wins, counted by their keys. */
import { coverage, type Range, runHash, type SealedRecord } from '../../domain/runs/records.ts'
import { gaps, placed, reach } from '../../domain/runs/sequence.ts'
import { AlreadyExists, type Item, type Table } from '../../ports/table.ts'
import { Failure } from '../kernel/failure.ts'
import type { Deps } from '../kernel/deps.ts'
import { type ChunkItem, keyOf, type RunItem } from '../kernel/items.ts'
import { inMemory } from '../kernel/memory.ts'
import { highestSeq, storedChunks } from '../stores/run-records.ts'
import { type Retrying, retrying } from '../kernel/retry.ts'

type Run = Item<RunItem>
type Storing = Pick<Deps, 'table' | 'memory'> & Retrying
export interface Incoming {
  first: number
  records: SealedRecord[]
  hashes: string[]
  produced: number
  position: number
  at: Date
}

/**
 * Grows with every call in this process, and with the clock between processes; never behind what the run has counted,
 * so that a clock that was set back puts nothing before it.
 */
const orderOf = inMemory(() => ({ last: 0 }))
function nextOrder(deps: Storing, run: Run, at: Date): number {
  const order = orderOf(deps)
  order.last = Math.max(order.last + 1, at.getTime() * 1000, Date.parse(run.last) * 1000 + 1)
  return order.last
}

function chunkOf(deps: Storing, run: Run, incoming: Incoming, from: number, to: number): Item<ChunkItem> {
  const records = incoming.records.slice(from - incoming.first, to - incoming.first + 1)
  const end = records.find((r) => r.op === 'end')?.end
  return {
    ...keyOf.chunk(run.runId, from),
    first: from,
    last: to,
    records,
    hashes: incoming.hashes.slice(from - incoming.first, to - incoming.first + 1),
    bytes: records.reduce((n, r) => n + r.jwe.length + (r.object?.size ?? 0), 0),
    at: incoming.at.toISOString(),
    order: nextOrder(deps, run, incoming.at),
    produced: incoming.produced,
    position: incoming.position,
    end,
    objects: records.flatMap((r) => (r.object ? [r.object.sha256] : [])),
  }
}

/**
 * The highest number of a run that this process has stored: the run item's count lags behind, and what overlaps must be
 * compared first.
 */
const storedHere = inMemory(() => new Map<string, number>())
function remember(deps: Storing, runId: string, last: number): void {
  const stored = storedHere(deps)
  const before = stored.get(runId) ?? 0
  stored.delete(runId)
  stored.set(runId, Math.max(before, last))
  if (stored.size > 5000) stored.delete(stored.keys().next().value!)
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

/**
 * Stores those records that are not stored yet. A repeat finds everything stored; a queue that was cut anew adds its
 * unseen part. `open` says whether a number may still be written. `record-conflict` when other bytes are stored under a
 * number (nothing is written then), `run-finished` when a new number may not be written.
 */
export async function storeChunk(
  deps: Storing,
  run: Run,
  incoming: Incoming,
  open: (seq: number) => boolean,
): Promise<void> {
  const last = incoming.first + incoming.records.length - 1
  const allOpen = (from: number, to: number): boolean => {
    for (let seq = from; seq <= to; seq++) if (!open(seq)) return false
    return true
  }
  // Above what is known to be stored, one conditional put decides.
  if (incoming.first > Math.max(run.through, storedHere(deps).get(run.runId) ?? 0) && allOpen(incoming.first, last)) {
    try {
      await deps.table.create(chunkOf(deps, run, incoming, incoming.first, last))
      remember(deps, run.runId, last)
      return
    } catch (e) {
      if (!(e instanceof AlreadyExists)) throw e
    }
  }
  await retrying(deps, async () => {
    const at = placed(
      await all(storedChunks(deps, run.runId, reach(incoming.first), last, ['first', 'last', 'order', 'hashes'])),
    )
    const other = incoming.hashes.findIndex((hash, index) => {
      const held = at.get(incoming.first + index)
      return held !== undefined && held.hashes[incoming.first + index - held.first] !== hash
    })
    if (other >= 0)
      throw new Failure(
        'record-conflict',
        `Other bytes are stored under number ${incoming.first + other}; what was stored first stands.`,
        undefined,
        { seq: incoming.first + other },
      )
    const unseen = gaps(incoming.first, last, (seq) => at.has(seq))
    if (!unseen.every(([from, to]) => allOpen(from, to))) throw finished()
    for (const [from, to] of unseen) await deps.table.create(chunkOf(deps, run, incoming, from, to))
  })
  remember(deps, run.runId, last)
}

/** Nothing new is taken of a run that has ended. */
export const finished = (): Failure => new Failure('run-finished', 'This run is finished; nothing can be added to it.')

export interface Count {
  through: number
  ranges: Range[]
  received: number
  highest: number
  bytes: number
  bytesThrough: number
  produced: number
  position: number
  last: string
  end?: { last: number; hash: string }
}

/** Counts a run's chunks: all of them, or (`since`) those after what the run item knows already. */
export async function count(deps: { table: Table }, run: Run, since = 0): Promise<Count> {
  const chunks = await all(
    storedChunks(deps, run.runId, since > 0 ? reach(since + 1) : 1, highestSeq, [
      'first',
      'last',
      'bytes',
      'produced',
      'position',
      'end',
      'at',
    ]),
  )
  const {
    through,
    ranges,
    count: received,
    highest,
  } = coverage([...(since > 0 ? [[1, since] as Range] : []), ...chunks.map((k): Range => [k.first, k.last])])
  const fresh = chunks.filter((k) => k.first > since)
  const known = since > 0 ? (run.bytesThrough ?? 0) : 0
  const max = (pick: (k: Pick<ChunkItem, 'produced' | 'position'>) => number, least: number): number =>
    chunks.reduce((n, k) => Math.max(n, pick(k)), least)
  const end =
    chunks.find((k) => k.end)?.end ??
    (run.endSeq === undefined ? undefined : { last: run.endSeq, hash: run.endHash ?? '' })
  return {
    through,
    ranges,
    received,
    highest,
    bytes: fresh.reduce((n, k) => n + k.bytes, known),
    bytesThrough: fresh.reduce((n, k) => n + (k.first <= through ? k.bytes : 0), known),
    produced: Math.max(
      max((k) => k.produced, run.produced),
      highest,
    ),
    position: max((k) => k.position, run.position),
    last: chunks.reduce((latest, k) => (k.at > latest ? k.at : latest), run.last),
    end,
  }
}

/** Whether something is stored that the run item's counters do not say yet. */
export async function isBehind(deps: { table: Table }, run: Run): Promise<boolean> {
  const { received, produced, position, end } = await count(deps, run, run.through)
  return (
    received !== run.received ||
    produced !== run.produced ||
    position !== run.position ||
    (end !== undefined && run.endSeq === undefined)
  )
}

/**
 * Whether what is stored is the whole sequence that an end record speaks of: no gap, nothing beyond, and the same
 * bytes.
 */
export async function isWhole(deps: { table: Table }, run: Run, end: { last: number; hash: string }): Promise<boolean> {
  const at = placed(await all(storedChunks(deps, run.runId, 1, highestSeq, ['first', 'last', 'order', 'hashes'])))
  if (at.size !== end.last || !at.has(end.last)) return false
  const hashes: string[] = []
  for (let seq = 1; seq < end.last; seq++) {
    const held = at.get(seq)
    if (!held) return false
    hashes.push(held.hashes[seq - held.first]!)
  }
  return (await runHash(hashes)) === end.hash
}
