/**
 * Appends to an organisation's chain. Call it before the act takes effect.
 *
 * Whoever writes alone creates the item at the next number. Where several meet, each lays down what it has to write,
 * and whoever comes next writes all of it as one block: few rounds, however many they are
 * (docs/decisions/0015-the-audit-chain-takes-in-who-waits.md).
 */
import type { Act } from '../../domain/audit/acts.ts'
import { type Block, type Detail, type Entry, fitting, type Head, linkAll, type Who } from '../../domain/audit/chain.ts'
import { base32 } from '../../domain/hash.ts'
import { AlreadyExists, type Item, queryAll } from '../../ports/table.ts'
import type { Caller } from './caller.ts'
import { head } from './chain.ts'
import { createIfAbsent } from './create-if-absent.ts'
import type { Deps } from './deps.ts'
import { each } from './each.ts'
import { inTurn } from './in-turn.ts'
import { keyOf } from './items.ts'
import { contendedTries } from './retry.ts'

/** One event to be written; the chain adds when, who, and its place. */
export interface AuditEntry {
  act: Act
  object: string
  detail?: Detail
}
/** What writing to a chain needs. */
export type Writer = Pick<Deps, 'table' | 'now' | 'random' | 'pause' | 'memory'>

/** What somebody has to write, known again by its id: it stands in no block up to number `after`. */
export interface Writing {
  entryId: string
  after: number
  entries: Entry[]
}
/** A block as an item: `ids` name the writings that it took in. Events of version 0.1.0 have none. */
type StoredBlock = Block & { ids?: string[] }

/** Who acts, as the chain names them: a person, or a token of theirs. */
export const whoOf = (c: Caller): Who =>
  c.token ? { kind: 'token', id: `${c.userId}/${c.token.tokenId}` } : { kind: 'person', id: c.userId }

/** Writings that are looked at at once, and removed at once. */
const mostWaiting = 200
const removedAtOnce = 50
/** Who waits gives those before it so long each, and all of them no longer than this. */
const turnMilliseconds = 5
const longestTurn = 100

/** What waits for its place, by its ids. */
const waitingIn = async ({ table }: Writer, organisationId: string): Promise<Item<Writing>[]> =>
  (await table.query<Writing>(keyOf.auditWaiting.partition(organisationId), { limit: mostWaiting })).items

/** Creates the block that comes after `before`. False when somebody else was faster, who may have been we. */
async function put(deps: Writer, organisationId: string, before: Head, writings: Writing[]): Promise<boolean> {
  const events = await linkAll(
    before,
    writings.flatMap((writing) => writing.entries),
  )
  const { seq, hash } = events.at(-1)!
  const block: Block = events.length === 1 ? events[0]! : { seq, hash, events }
  const ids = writings.map((writing) => writing.entryId)
  return createIfAbsent<StoredBlock>(deps, { ...block, ids, ...keyOf.auditEvent(organisationId, before.seq + 1) })
}

const byTime = (one: Writing, other: Writing): number =>
  `${one.entries[0]!.at}${one.entryId}` < `${other.entries[0]!.at}${other.entryId}` ? -1 : 1

/**
 * Writes all that waits as one block. What an earlier block took in already is found by its id: every block since it
 * was laid down is looked at, and the next number is free only as long as there is no other. Does nothing when somebody
 * else is faster.
 */
async function takeIn(deps: Writer, organisationId: string, mine: Writing, waiting: readonly Writing[]): Promise<void> {
  let before = await head(deps, organisationId)
  const written = new Set<string>()
  const since = { from: keyOf.auditEvent('', Math.min(...waiting.map((w) => w.after)) + 1).sk }
  const chain = keyOf.auditEvent.partition(organisationId)
  const attributes = ['seq', 'hash', 'ids']
  for await (const { seq, hash, ids = [] } of queryAll<StoredBlock>(deps.table, chain, { ...since, attributes })) {
    before = { seq, hash }
    for (const id of ids) written.add(id)
  }
  const left = waiting.filter((writing) => !written.has(writing.entryId)).sort(byTime)
  const block = left.slice(0, fitting(left.map((writing) => writing.entries)))
  if (block.length === 0 && !written.has(mine.entryId)) return
  if (block.length > 0 && !(await put(deps, organisationId, before, block))) return
  // Only now: whoever does not find their own any more takes it for written.
  const isDone = (writing: Writing): boolean => block.includes(writing) || written.has(writing.entryId)
  const done = block.length > 0 ? waiting.filter(isDone) : [mine]
  await each(done, ({ entryId }) => deps.table.remove(keyOf.auditWaiting(organisationId, entryId)), removedAtOnce)
}

/**
 * Waits until it is written, or writes it with all that waits. Those who wait come one after the other, by their ids:
 * most find theirs written by the first, and when that one was killed the second is soon there. Of those who try at the
 * same time one succeeds, so that somebody always gets on.
 */
async function appendWithOthers(deps: Writer, organisationId: string, mine: Writing): Promise<void> {
  const key = keyOf.auditWaiting(organisationId, mine.entryId)
  await createIfAbsent<Writing>(deps, { ...key, ...mine })
  const isMine = (writing: Writing): boolean => writing.entryId === mine.entryId
  // A page may end before it comes to ours.
  const isWritten = async (waiting: readonly Writing[]): Promise<boolean> =>
    !waiting.some(isMine) && (await deps.table.get(key, ['entryId'])) === undefined
  for (let tries = 0; tries < contendedTries; tries++) {
    let waiting = await waitingIn(deps, organisationId)
    const place = waiting.findIndex(isMine)
    if (place > 0) {
      await deps.pause(Math.min(place * turnMilliseconds, longestTurn))
      waiting = await waitingIn(deps, organisationId)
    }
    if (await isWritten(waiting)) return
    await takeIn(deps, organisationId, mine, waiting)
  }
  throw new AlreadyExists('No place in the chain')
}

async function append(deps: Writer, organisationId: string, entries: Entry[]): Promise<void> {
  const [before, others] = await Promise.all([head(deps, organisationId), waitingIn(deps, organisationId)])
  const mine: Writing = { entryId: base32(deps.random(20)), after: before.seq, entries }
  const alone = others.length === 0 && (await put(deps, organisationId, before, [mine]))
  if (!alone) await appendWithOthers(deps, organisationId, mine)
}

/**
 * Writes one event per entry, in order and, as far as they fit into one block, all or none. Gives up (throws
 * `AlreadyExists`) after a minute of bad luck; what was laid down may then still be written by others.
 */
export async function record(
  deps: Writer,
  organisationId: string,
  who: Who,
  entries: readonly AuditEntry[],
): Promise<void> {
  const at = deps.now().toISOString()
  let rest = entries.map(({ act, object, detail = {} }): Entry => ({ at, who, act, object, detail }))
  while (rest.length > 0) {
    const now = rest.slice(0, fitting(rest.map((entry) => [entry])))
    // One after the other within this process, so that a host does not meet itself.
    await inTurn(deps, `audit ${organisationId}`, () => append(deps, organisationId, now))
    rest = rest.slice(now.length)
  }
}

/** Something to be written later, and once, by whoever goes on with the act that it is of: it is kept with that act. */
export async function toWrite(deps: Writer, organisationId: string, who: Who, entry: AuditEntry): Promise<Writing> {
  const { seq } = await head(deps, organisationId)
  const { act, object, detail = {} } = entry
  return {
    entryId: base32(deps.random(20)),
    after: seq,
    entries: [{ at: deps.now().toISOString(), who, act, object, detail }],
  }
}

/** Writes it, unless it stands in the chain already: several may do so, at any time and at once. */
export const writeOnce = (deps: Writer, organisationId: string, writing: Writing): Promise<void> =>
  inTurn(deps, `audit ${organisationId}`, () => appendWithOthers(deps, organisationId, writing))
