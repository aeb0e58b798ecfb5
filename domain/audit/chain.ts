/** A hash chain: each event carries the SHA-256 of the one before. */
import { canonical, sha256Hex } from '../hash.ts'
import type { Act } from './acts.ts'

export type Detail = Record<string, string | number | boolean | string[]>
export interface Who {
  kind: 'person' | 'token' | 'participant' | 'platform'
  id: string
  name?: string | undefined
}
export interface Entry {
  at: string
  act: Act
  who: Who
  object: string
  detail: Detail
}
export interface ChainEvent extends Entry {
  seq: number
  previous: string
  hash: string
}
export interface Head {
  seq: number
  hash: string
}
/**
 * Events that were written at once, as one item of the table under the number of the first: `seq` and `hash` are those
 * of the last. An event that was written alone is its own block.
 */
export type Block = ChainEvent | (Head & { events: ChainEvent[] })
export interface Break {
  seq: number
  reason: 'altered' | 'missing' | 'relinked'
}

/** The head of an empty chain. */
export const emptyHead: Head = { seq: 0, hash: '0'.repeat(64) }

const hashOf = (seq: number, previous: string, entry: Entry): Promise<string> =>
  sha256Hex(
    canonical({
      seq,
      previous,
      at: entry.at,
      act: entry.act,
      who: entry.who,
      object: entry.object,
      detail: entry.detail,
    }),
  )

/**
 * The event that comes after `head`: the entry with its number (from 1), the hash of the event before and its own hash,
 * each 64 hexadecimal digits. Throws a RangeError for a detail that is not a finite number.
 */
export async function link(head: Head, entry: Entry): Promise<ChainEvent> {
  const seq = head.seq + 1
  return { ...entry, seq, previous: head.hash, hash: await hashOf(seq, head.hash, entry) }
}

/** The events that come after `head`, one per entry. Throws as `link` does. */
export async function linkAll(head: Head, entries: readonly Entry[]): Promise<ChainEvent[]> {
  const events: ChainEvent[] = []
  for (const entry of entries) events.push(await link(events.at(-1) ?? head, entry))
  return events
}

/** The events of a block, in their order. */
export const eventsOf = (block: Block): ChainEvent[] => ('events' in block ? block.events : [block])

/** Events and bytes that one block may hold. */
const blockEvents = 100
const blockBytes = 200_000

/** How many of `parts`, from the first on, fit into one block together: at least one. */
export function fitting(parts: readonly (readonly Entry[])[]): number {
  let [events, bytes] = [0, 0]
  const tooMuch = parts.findIndex((entries) => {
    events += entries.length
    bytes += new TextEncoder().encode(JSON.stringify(entries)).length
    return events > blockEvents || bytes > blockBytes
  })
  return tooMuch === -1 ? parts.length : Math.max(1, tooMuch)
}

/**
 * Walks `events` (in order) from `head`, which is `emptyHead` for a whole chain, and answers the head after the last
 * event that holds. `firstBreak` is there when one does not: a number that is `missing`, an event whose content does
 * not match its hash (`altered`), or one that does not continue the event before it (`relinked`). Events after the
 * first break are not looked at.
 */
export async function walk(head: Head, events: Iterable<ChainEvent>): Promise<{ head: Head; firstBreak?: Break }> {
  for (const event of events) {
    if (event.seq !== head.seq + 1) return { head, firstBreak: { seq: head.seq + 1, reason: 'missing' } }
    if (event.previous !== head.hash) return { head, firstBreak: { seq: event.seq, reason: 'relinked' } }
    if ((await hashOf(event.seq, event.previous, event)) !== event.hash)
      return { head, firstBreak: { seq: event.seq, reason: 'altered' } }
    head = { seq: event.seq, hash: event.hash }
  }
  return { head }
}
