/**
 * Brings a run's counters and state up to date, and ends runs: completed, aborted, withdrawn. Every step is safe to run
 * twice.
 */
import { lateObjectSeconds, lookAfterSeconds, looksSoon, type RunState, runLife } from '../../domain/runs/life.ts'
import type { ObjectStore } from '../../ports/objects.ts'
import { ConditionFailed, type Item, queryAll, type Table } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { type Count, count, isWhole } from './chunks.ts'
import { type Contended, settleSlot } from './slots.ts'
import { retrying } from '../kernel/retry.ts'
import { clearDue, setDue } from '../stores/run-looks.ts'
import { objectsOf } from '../stores/run-records.ts'

type Run = Item<RunItem>
type Clocked = Contended & Pick<Deps, 'now'>
interface Stores extends Clocked {
  objects: ObjectStore
}

/** A second purge comes this long after the first, for a chunk that was being stored while the run ended. */
const purgeAgainSeconds = 600

/** When the sweep is to look at a run whose counters are brought up to date now. */
export const lookAfter = (now: Date): Date => new Date(now.getTime() + lookAfterSeconds * 1000)
/**
 * When no object can arrive any more that was on its way when a run ended; undefined when none was sent, or the run has
 * not ended. Signed links cannot be taken back everywhere: what lands later than the end is removed then.
 */
export function lateObjects(run: RunItem): Date | undefined {
  if (!run.objects || runLife[run.state].takesRecords) return undefined
  return new Date(Date.parse(run.withdrawn ?? run.ended ?? run.last) + lateObjectSeconds * 1000)
}

/**
 * Counts what has arrived since the last count, writes it to the run item and moves the run on: back to live when it
 * was stale, to completed or incomplete once its end record is there. Answers the run as it then is, with the count. A
 * run that has ended meanwhile is answered as it is.
 *
 * Appends within two seconds of a count are not counted at once: unless a look of the sweep is near already, one is
 * planned, so that a run that falls quiet is counted to its last record. `planned`: the caller has planned it already.
 */
export function bringUpToDate(deps: Clocked, found: Run, planned?: Date): Promise<{ run: Run; counted: Count }> {
  let run = found
  return retrying(deps, async (tries) => {
    if (tries > 0) run = (await deps.table.get<RunItem>(keyOf.run(run.runId))) ?? run
    const counted = await count(deps, run, run.through)
    if (!runLife[run.state].takesRecords) return { run, counted }
    const state = await stateBy(deps, run, counted)
    const now = deps.now()
    const revived = run.state === 'stale' && state === 'live'
    const look = state === 'live' && (revived || !looksSoon(run.look, now)) ? (planned ?? lookAfter(now)) : undefined
    if (look && !planned) await setDue(deps, run.runId, look)
    try {
      run = await writeCount(deps, run, counted, { state, now, look })
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
    if (revived) await setDue(deps, run.runId, lookAfter(now))
    if (run.state === 'completed') await rest(deps, run)
    return { run, counted }
  })
}

/** Nothing is left to do for a completed run, unless objects may have been sent that no record names. */
function rest(deps: Clocked, run: Run): Promise<void> {
  const late = lateObjects(run)
  return late ? setDue(deps, run.runId, late) : clearDue(deps, run.runId)
}

/** A run has ended once its end record is there: whole, or with a gap. */
async function stateBy(deps: { table: Table }, run: Run, { end, through }: Count): Promise<RunState> {
  if (end === undefined) return 'live'
  return through >= end.last && (await isWhole(deps, run, end)) ? 'completed' : 'incomplete'
}

interface Written {
  state: RunState
  now: Date
  look: Date | undefined
}
const writeCount = (deps: { table: Table }, run: Run, counted: Count, { state, now, look }: Written): Promise<Run> => {
  const { end, through, received, produced, position, bytes, bytesThrough } = counted
  // Chunks that a clock ahead of its time has dated are not of the future.
  const last = counted.last < now.toISOString() ? counted.last : now.toISOString()
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
      counted: now.toISOString(),
      look: look?.toISOString(),
      endSeq: end?.last,
      endHash: end?.hash,
      ended: state === 'completed' ? last : undefined,
    },
    when: [{ attribute: 'rev', is: 'equal', value: run.rev! }],
  })
}

/** Deletes a run's chunks and objects. */
export async function purge(stores: Pick<Stores, 'table' | 'objects'>, runId: string): Promise<void> {
  const keys: Item<object>[] = []
  for await (const chunk of queryAll<object>(stores.table, keyOf.chunk.partition(runId), {
    prefix: keyOf.chunk.prefix(),
    attributes: [],
  }))
    keys.push(chunk)
  for (let i = 0; i < keys.length; i += 16)
    await Promise.all(keys.slice(i, i + 16).map((k) => stores.table.remove({ pk: k.pk, sk: k.sk })))
  for await (const key of stores.objects.list('sealed', objectsOf(runId))) await stores.objects.remove('sealed', key)
  await stores.table.remove(keyOf.runObjects(runId))
}

/**
 * Ends a run without its data: its key is destroyed first, then its records go, its slot is given back, and a tombstone
 * stays. The sweep comes by once more and finishes what a crash interrupted.
 */
export async function endWithoutData(
  deps: Stores & Pick<Deps, 'noteGone'>,
  found: Run,
  to: 'aborted' | 'withdrawn',
): Promise<Run> {
  const now = deps.now()
  await deps.noteGone?.(found.runId, to)
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
