/** Sealed objects of runs: how many there may be, and those that no record names. */
import { bounds, bytesInWords } from '../../domain/bounds.ts'
import { runLife } from '../../domain/runs/life.ts'
import { queryAll, type Table } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { inTurn } from '../kernel/in-turn.ts'
import { type ChunkItem, keyOf, type LinkItem, type RunItem, type RunObjectsItem } from '../kernel/items.ts'
import { contendedTries, retrying } from '../kernel/retry.ts'
import type { Contended } from './slots.ts'
import { objectKey, objectsOf } from '../stores/run-records.ts'

interface Wanted {
  sha256: string
  size: number
}

const over = (whose: string, objects: number, bytes: number): Failure =>
  new Failure(
    'bound-reached',
    `${whose} may have at most ${objects} sealed objects of ${bytesInWords(bytes)} together. What was stored stays; nothing more is taken.`,
  )

/** Counts an object on the run's link. Refuses when the link has taken as much as a link may. */
const countOnLink = (deps: Contended, code: string, { size }: Wanted): Promise<void> =>
  retrying(
    deps,
    async () => {
      const link = await deps.table.get<LinkItem>(keyOf.link(code))
      if (!link) return
      const { objects = 0, objectBytes = 0 } = link
      const { link: bound } = bounds
      if (objects >= bound.objects || objectBytes + size > bound.objectBytes)
        throw over('The runs of a link', bound.objects, bound.objectBytes)
      await deps.table.update(keyOf.link(code), {
        set: { objects: objects + 1, objectBytes: objectBytes + size },
        when: [{ attribute: 'rev', is: 'equal', value: link.rev! }],
      })
    },
    { times: contendedTries },
  )

/**
 * Takes a place for an object of the run, once however often it is asked for, before its link is given. Throws
 * `bound-reached`. Killed between the link's count and the run's, an object counts twice on the link.
 */
export const takePlace = (deps: Contended, run: RunItem, wanted: Wanted): Promise<void> =>
  inTurn(deps, `objects ${run.runId}`, () =>
    retrying(deps, async () => {
      const key = keyOf.runObjects(run.runId)
      const held = await deps.table.get<RunObjectsItem>(key)
      if (held?.asked.includes(wanted.sha256)) return
      const after = { asked: [...(held?.asked ?? []), wanted.sha256], bytes: (held?.bytes ?? 0) + wanted.size }
      if (after.asked.length > bounds.run.objects || after.bytes > bounds.run.objectBytes)
        throw over('A run', bounds.run.objects, bounds.run.objectBytes)
      // The run says so first: however this ends, the sweep looks for what no record names.
      if (!run.objects) await deps.table.update(keyOf.run(run.runId), { set: { objects: true } })
      await countOnLink(deps, run.code, wanted)
      if (held) await deps.table.replace<RunObjectsItem>({ ...key, ...after }, held.rev!)
      else await deps.table.create<RunObjectsItem>({ ...key, ...after })
    }),
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
