/**
 * Brings a run's counters and state up to date, and ends runs: completed, aborted, withdrawn. Every step is safe to run
 * twice.
 */
import { type RunState, runLife, staleAfterSeconds } from '../../domain/runs/life.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import { ConditionFailed, type Item, queryAll, type Table } from '../../ports/table.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { type Count, count, isWhole } from './chunks.ts'
import { clearDue, setDue, settleSlot } from './slots.ts'
import { pause } from '../kernel/retry.ts'

type Run = Item<RunItem>
interface Stores {
  table: Table
  objects: ObjectStore
}

export const staleAt = (last: string): Date => new Date(Date.parse(last) + staleAfterSeconds * 1000)
/** A second purge comes this long after the first, for a chunk that was being stored while the run ended. */
const purgeAgainSeconds = 600

/**
 * Counts what has arrived since the last count, writes it to the run item and moves the run on: back to live when it
 * was stale, to completed or incomplete once its end record is there. Answers the run as it then is, with the count. A
 * run that has ended meanwhile is answered as it is.
 */
export async function bringUpToDate(deps: { table: Table }, run: Run): Promise<{ run: Run; counted: Count }> {
  for (let tries = 0; ; tries++) {
    const counted = await count(deps, run, run.through)
    if (!runLife[run.state].takesRecords) return { run, counted }
    const { end } = counted
    const whole = end !== undefined && counted.through >= end.last && (await isWhole(deps, run, end))
    const state: RunState = end === undefined ? 'live' : whole ? 'completed' : 'incomplete'
    const revived = run.state === 'stale' && state === 'live'
    if (revived) await setDue(deps, run.runId, staleAt(counted.last))
    const { through, received, produced, position, bytes, bytesThrough, last } = counted
    try {
      run = await deps.table.update<RunItem>(keyOf.run(run.runId), {
        set: {
          state,
          through,
          received,
          produced,
          position,
          bytes,
          bytesThrough,
          last,
          ...(end ? { endSeq: end.last, endHash: end.hash } : {}),
          ...(whole ? { ended: last } : {}),
        },
        when: [{ attribute: 'rev', is: 'equal', value: run.rev! }],
      })
    } catch (e) {
      if (!(e instanceof ConditionFailed)) throw e
      const now = await deps.table.get<RunItem>(keyOf.run(run.runId))
      if (!now || tries > 100) throw e
      // Somebody else counted just now. Their count may have begun before our chunk was stored: while an end is in
      // play, count again.
      if (end === undefined && now.state === 'live' && now.endSeq === undefined) return { run: now, counted }
      run = now
      await pause(tries)
      continue
    }
    run = await settleSlot(deps, run)
    if (revived) await setDue(deps, run.runId, staleAt(counted.last))
    if (run.state === 'completed') await clearDue(deps, run.runId)
    return { run, counted }
  }
}

/** Deletes a run's chunks and objects. */
export async function purge(d: Stores, runId: string): Promise<void> {
  const keys: Item<object>[] = []
  for await (const c of queryAll<object>(d.table, keyOf.chunk.partition(runId), {
    prefix: keyOf.chunk.prefix(),
    attributes: [],
  }))
    keys.push(c)
  for (let i = 0; i < keys.length; i += 16)
    await Promise.all(keys.slice(i, i + 16).map((k) => d.table.remove({ pk: k.pk, sk: k.sk })))
  for await (const key of d.objects.list('sealed', `runs/${runId}/`)) await d.objects.remove('sealed', key)
}

/**
 * Ends a run without its data: its key is destroyed first, then its records go, its slot is given back, and a tombstone
 * stays. The sweep comes by once more and finishes what a crash interrupted.
 */
export async function endWithoutData(
  deps: Stores & { now: () => Date },
  run: Run,
  to: 'aborted' | 'withdrawn',
): Promise<Run> {
  const now = deps.now()
  await setDue(deps, run.runId, new Date(now.getTime() + purgeAgainSeconds * 1000))
  for (let tries = 0; run.state !== to; tries++) {
    if (!runLife[run.state].to.includes(to)) return run
    const at = now.toISOString()
    try {
      run = await deps.table.update<RunItem>(keyOf.run(run.runId), {
        set: {
          state: to,
          received: 0,
          bytes: 0,
          bytesThrough: 0,
          through: 0,
          ...(run.ended ? {} : { ended: at }),
          ...(to === 'withdrawn' ? { withdrawn: at } : {}),
        },
        remove: ['wrappedKey', 'endHash', ...(to === 'withdrawn' ? ['pseudonym'] : [])],
        when: [{ attribute: 'rev', is: 'equal', value: run.rev! }],
      })
    } catch (e) {
      if (!(e instanceof ConditionFailed) || tries > 100) throw e
      run = (await deps.table.get<RunItem>(keyOf.run(run.runId)))!
      await pause(tries)
    }
  }
  await purge(deps, run.runId)
  return settleSlot(deps, run)
}
