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
