/** An organisation's chain as it is stored: blocks of events, each under the number of its first. */
import { type Block, type ChainEvent, emptyHead, eventsOf, type Head } from '../../domain/audit/chain.ts'
import { queryAll } from '../../ports/table.ts'
import type { Deps } from './deps.ts'
import { keyOf } from './items.ts'

type Store = Pick<Deps, 'table'>

const partition = (organisationId: string): string => keyOf.auditEvent.partition(organisationId)
/** Beyond the widest number a key can hold there is nothing. */
const place = (seq: number): string => keyOf.auditEvent('', Math.min(seq, 999_999_999_999)).sk

/** The newest event's number and hash. */
export async function head({ table }: Store, organisationId: string): Promise<Head> {
  const { items } = await table.query<Head>(partition(organisationId), {
    backwards: true,
    limit: 1,
    attributes: ['seq', 'hash'],
  })
  return items[0] ? { seq: items[0].seq, hash: items[0].hash } : emptyHead
}

/** Events from number `from` up, oldest first; about so many are wanted. */
export async function* eventsFrom(
  { table }: Store,
  organisationId: string,
  from: number,
  about: number,
): AsyncGenerator<ChainEvent> {
  const chain = partition(organisationId)
  // The block that holds `from` may begin before it.
  const { items } = await table.query<Block>(chain, { to: place(from), backwards: true, limit: 1 })
  yield* items.flatMap(eventsOf).filter((event) => event.seq >= from)
  for await (const block of queryAll<Block>(table, chain, { from: place(from + 1), limit: about }))
    yield* eventsOf(block)
}

/** Events before number `before`, newest first; about so many are wanted. */
export async function* eventsBefore(
  { table }: Store,
  organisationId: string,
  before: number,
  about: number,
): AsyncGenerator<ChainEvent> {
  const options = { to: place(before - 1), backwards: true, limit: about } as const
  for await (const block of queryAll<Block>(table, partition(organisationId), options))
    yield* eventsOf(block)
      .filter((event) => event.seq < before)
      .reverse()
}

/** The first so many of them. */
export async function take<T>(events: AsyncIterable<T>, count: number): Promise<T[]> {
  const out: T[] = []
  for await (const event of events) {
    out.push(event)
    if (out.length === count) break
  }
  return out
}

const historyPage = 100
const readAtMost = 2000

/**
 * Events that concern something, newest first: walks back from `before` until a page is full or enough has been read;
 * `next` goes on from there.
 */
export async function historyOf(
  store: Store,
  organisationId: string,
  concerns: (event: ChainEvent) => boolean,
  before = Number.MAX_SAFE_INTEGER,
): Promise<{ items: ChainEvent[]; next?: number }> {
  const items: ChainEvent[] = []
  let read = 0
  for await (const event of eventsBefore(store, organisationId, before, 250)) {
    read++
    if (concerns(event)) items.push(event)
    if (event.seq > 1 && (items.length === historyPage || read === readAtMost)) return { items, next: event.seq }
  }
  return { items }
}
