/** Sealed objects of runs: how many there may be, and those that no record names. */
import { bounds, bytesInWords } from '../../domain/bounds.ts'
import { runLife } from '../../domain/runs/life.ts'
import { type Item, queryAll, type Table } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { each } from '../kernel/each.ts'
import { Failure } from '../kernel/failure.ts'
import { inTurn } from '../kernel/in-turn.ts'
import {
  type ChunkItem,
  keyOf,
  type LinkItem,
  type RunItem,
  type RunObjectsItem,
  type TakenObject,
} from '../kernel/items.ts'
import { contendedTries, retrying } from '../kernel/retry.ts'
import type { Contended } from './slots.ts'
import { objectKey, objectsOf } from '../stores/run-records.ts'

type Held = Item<RunObjectsItem>

const over = (whose: string, objects: number, bytes: number): Failure =>
  new Failure(
    'bound-reached',
    `${whose} may have at most ${objects} sealed objects of ${bytesInWords(bytes)} together. What was stored stays; nothing more is taken.`,
  )

/** The run's objects with this one, undefined when it has as many as a run may. */
function withObject(held: RunObjectsItem | undefined, { sha256, size }: TakenObject): RunObjectsItem | undefined {
  const after = { asked: [...(held?.asked ?? []), sha256], bytes: (held?.bytes ?? 0) + size }
  return after.asked.length > bounds.run.objects || after.bytes > bounds.run.objectBytes ? undefined : after
}

async function keep(deps: Contended, runId: string, held: Held | undefined, after: RunObjectsItem): Promise<void> {
  const item = { ...keyOf.runObjects(runId), ...after }
  await (held ? deps.table.replace<RunObjectsItem>(item, held.rev!) : deps.table.create<RunObjectsItem>(item))
}

/** How many a link remembers that it has counted; then it looks which of them their runs name. */
const mostTaking = 16

const isSame = (one: TakenObject, other: TakenObject): boolean =>
  one.runId === other.runId && one.sha256 === other.sha256

/**
 * Makes the run of an object that was counted on the link name it, if a kill came between the two. Answers whether it
 * does not and never will: the run has as many as it may.
 */
async function isVoid(deps: Contended, taken: TakenObject): Promise<boolean> {
  const held = await deps.table.get<RunObjectsItem>(keyOf.runObjects(taken.runId))
  if (held?.asked.includes(taken.sha256)) return false
  const after = withObject(held, taken)
  if (!after) return true
  const run = await deps.table.get<RunItem>(keyOf.run(taken.runId), ['state'])
  if (run && runLife[run.state].takesRecords) await keep(deps, taken.runId, held, after)
  return false
}

/** The link's count without objects that no run will name. */
async function settledOn(deps: Contended, link: LinkItem): Promise<Required<Pick<LinkItem, Count>>> {
  const { objects = 0, objectBytes = 0, taking = [] } = link
  if (taking.length < mostTaking) return { objects, objectBytes, taking }
  const answers = await each(taking, (taken) => isVoid(deps, taken))
  const wrong = taking.filter((_, index) => answers[index])
  const bytes = wrong.reduce((sum, { size }) => sum + size, 0)
  return { objects: objects - wrong.length, objectBytes: objectBytes - bytes, taking: [] }
}
type Count = 'objects' | 'objectBytes' | 'taking'

const write = (deps: Contended, link: Item<LinkItem>, count: Pick<LinkItem, Count>): Promise<unknown> =>
  deps.table.update<LinkItem>(keyOf.link(link.code), {
    set: count,
    when: [{ attribute: 'rev', is: 'equal', value: link.rev! }],
  })

/** Counts an object on the run's link. Refuses when the link has taken as much as a link may. */
async function countOnLink(deps: Contended, link: Item<LinkItem>, wanted: TakenObject): Promise<void> {
  const { objects, objectBytes, taking } = await settledOn(deps, link)
  const { link: bound } = bounds
  if (objects >= bound.objects || objectBytes + wanted.size > bound.objectBytes)
    throw over('The runs of a link', bound.objects, bound.objectBytes)
  await write(deps, link, {
    objects: objects + 1,
    objectBytes: objectBytes + wanted.size,
    taking: [...taking, wanted],
  })
}

/** Takes an object off the link's count that the run refused. */
const giveBack = (deps: Contended, link: Item<LinkItem>, wanted: TakenObject): Promise<unknown> =>
  write(deps, link, {
    objects: link.objects! - 1,
    objectBytes: link.objectBytes! - wanted.size,
    taking: link.taking!.filter((taken) => !isSame(taken, wanted)),
  })

/**
 * Takes a place for an object of the run, once however often it is asked for, before its link is given: on the
 * participant's link first, which remembers it, then with the run. Throws `bound-reached`. Safe to kill anywhere: what
 * the link has counted is not counted again, and forgotten only once the run names it.
 */
export const takePlace = (deps: Contended, run: RunItem, object: Omit<TakenObject, 'runId'>): Promise<void> =>
  inTurn(deps, `objects ${run.runId}`, () =>
    retrying(
      deps,
      async () => {
        const wanted: TakenObject = { runId: run.runId, sha256: object.sha256, size: object.size }
        // The link before the run: what the link has forgotten since is named by the run by then.
        const link = await deps.table.get<LinkItem>(keyOf.link(run.code))
        const held = await deps.table.get<RunObjectsItem>(keyOf.runObjects(run.runId))
        if (held?.asked.includes(wanted.sha256)) return
        const isCounted = link?.taking?.some((taken) => isSame(taken, wanted)) ?? false
        const after = withObject(held, wanted)
        if (!after) {
          if (link && isCounted) await giveBack(deps, link, wanted)
          throw over('A run', bounds.run.objects, bounds.run.objectBytes)
        }
        // The run says so first: however this ends, the sweep looks for what no record names.
        if (!run.objects) await deps.table.update(keyOf.run(run.runId), { set: { objects: true } })
        if (link && !isCounted) await countOnLink(deps, link, wanted)
        await keep(deps, run.runId, held, after)
      },
      { times: contendedTries },
    ),
  )

/** Whether a run still takes what is sent to a link that it was given: not once it was withdrawn or is over. */
export async function takesObjects(deps: { table: Table }, key: string): Promise<boolean> {
  const runId = /^runs\/([^/]+)\/[^/]+$/.exec(key)?.[1]
  const run = runId === undefined ? undefined : await deps.table.get<RunItem>(keyOf.run(runId))
  return run !== undefined && runLife[run.state].takesRecords
}

/** Objects that the records of a chunk name; a chunk that does not say is read. */
async function namedIn(deps: { table: Table }, runId: string, chunk: Chunk): Promise<string[]> {
  if (chunk.objects) return chunk.objects
  const whole = await deps.table.get<ChunkItem>(keyOf.chunk(runId, chunk.first), ['records'])
  return (whole?.records ?? []).flatMap((r) => (r.object ? [r.object.sha256] : []))
}
type Chunk = Pick<ChunkItem, 'first' | 'objects'>

/** Removes objects of a completed run that none of its records names. */
export async function removeUnnamed(deps: Pick<Deps, 'table' | 'objects'>, runId: string): Promise<void> {
  const found: string[] = []
  for await (const key of deps.objects.list('sealed', objectsOf(runId))) found.push(key)
  if (found.length === 0) return
  const named = new Set<string>()
  for await (const chunk of queryAll<Chunk>(deps.table, keyOf.chunk.partition(runId), {
    prefix: keyOf.chunk.prefix(),
    attributes: ['first', 'objects'],
  }))
    for (const sha256 of await namedIn(deps, runId, chunk)) named.add(objectKey(runId, sha256))
  for (const key of found) if (!named.has(key)) await deps.objects.remove('sealed', key)
}
