/**
 * Brings a run's counters and state up to date, and ends runs: completed, aborted, withdrawn. Every step is safe to run
 * twice.
 */
import { type RunState, runLife, staleAfterSeconds } from '../../domain/runs/life.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import { ConditionFailed, type Item, queryAll, type Table } from '../../ports/table.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { type Count, count, isWhole } from './chunks.ts'
import { clearDue, type Contended, setDue, settleSlot } from './slots.ts'
import { retrying } from '../kernel/retry.ts'

type Run = Item<RunItem>
interface Stores {
  table: Table
  objects: ObjectStore
}

/** When a run that was last heard of at this instant (ISO 8601) counts as stale. */
export const staleAt = (last: string): Date => new Date(Date.parse(last) + staleAfterSeconds * 1000)
/** A second purge comes this long after the first, for a chunk that was being stored while the run ended. */
const purgeAgainSeconds = 600

/**
 * Counts what has arrived since the last count, writes it to the run item and moves the run on: back to live when it
 * was stale, to completed or incomplete once its end record is there. Answers the run as it then is, with the count. A
 * run that has ended meanwhile is answered as it is.
 */
export function bringUpToDate(deps: Contended, found: Run): Promise<{ run: Run; counted: Count }> {
  let run = found
  return retrying(deps, async (tries) => {
    if (tries > 0) run = (await deps.table.get<RunItem>(keyOf.run(run.runId))) ?? run
    const counted = await count(deps, run, run.through)
    if (!runLife[run.state].takesRecords) return { run, counted }
    const state = await stateBy(deps, run, counted)
    const revived = run.state === 'stale' && state === 'live'
    if (revived) await setDue(deps, run.runId, staleAt(counted.last))
    try {
      run = await writeCount(deps, run, counted, state)
    } catch (e) {
      if (!(e instanceof ConditionFailed)) throw e
      const now = await deps.table.get<RunItem>(keyOf.run(run.runId))
      if (!now) throw new Error('The run is gone')
      // Somebody else counted just now. Their count may have begun before our chunk was stored: while an end is in
      // play, count again.
      if (counted.end === undefined && now.state === 'live' && now.endSeq === undefined) return { run: now, counted }
      throw e
    }
    run = await settleSlot(deps, run)
    if (revived) await setDue(deps, run.runId, staleAt(counted.last))
    if (run.state === 'completed') await clearDue(deps, run.runId)
    return { run, counted }
  })
}

/** A run has ended once its end record is there: whole, or with a gap. */
async function stateBy(deps: { table: Table }, run: Run, { end, through }: Count): Promise<RunState> {
  if (end === undefined) return 'live'
  return through >= end.last && (await isWhole(deps, run, end)) ? 'completed' : 'incomplete'
}

const writeCount = (deps: { table: Table }, run: Run, counted: Count, state: RunState): Promise<Run> => {
  const { end, through, received, produced, position, bytes, bytesThrough, last } = counted
  return deps.table.update<RunItem>(keyOf.run(run.runId), {
    set: {
      state,
      through,
      received,
      produced,
      position,
      bytes,
      bytesThrough,
      last,
      endSeq: end?.last,
      endHash: end?.hash,
      ended: state === 'completed' ? last : undefined,
    },
    when: [{ attribute: 'rev', is: 'equal', value: run.rev! }],
  })
}

/** Deletes a run's chunks and objects. */
export async function purge(stores: Stores, runId: string): Promise<void> {
  const keys: Item<object>[] = []
  for await (const chunk of queryAll<object>(stores.table, keyOf.chunk.partition(runId), {
    prefix: keyOf.chunk.prefix(),
    attributes: [],
  }))
    keys.push(chunk)
  for (let i = 0; i < keys.length; i += 16)
    await Promise.all(keys.slice(i, i + 16).map((k) => stores.table.remove({ pk: k.pk, sk: k.sk })))
  for await (const key of stores.objects.list('sealed', `runs/${runId}/`)) await stores.objects.remove('sealed', key)
}

/**
 * Ends a run without its data: its key is destroyed first, then its records go, its slot is given back, and a tombstone
 * stays. The sweep comes by once more and finishes what a crash interrupted.
 */
export async function endWithoutData(
  deps: Stores & Contended & { now: () => Date },
  found: Run,
  to: 'aborted' | 'withdrawn',
): Promise<Run> {
  const now = deps.now()
  await setDue(deps, found.runId, new Date(now.getTime() + purgeAgainSeconds * 1000))
  let run = found
  const ended = await retrying(deps, async (tries) => {
    if (tries > 0) run = (await deps.table.get<RunItem>(keyOf.run(run.runId)))!
    if (run.state === to) return run
    if (!runLife[run.state].to.includes(to)) return undefined
    return deps.table.update<RunItem>(keyOf.run(run.runId), {
      set: {
        state: to,
        received: 0,
        bytes: 0,
        bytesThrough: 0,
        through: 0,
        ended: run.ended ?? now.toISOString(),
        withdrawn: to === 'withdrawn' ? now.toISOString() : undefined,
      },
      remove: ['wrappedKey', 'endHash', ...(to === 'withdrawn' ? ['pseudonym'] : [])],
      when: [{ attribute: 'rev', is: 'equal', value: run.rev! }],
    })
  })
  if (!ended) return run
  await purge(deps, run.runId)
  return settleSlot(deps, ended)
}
