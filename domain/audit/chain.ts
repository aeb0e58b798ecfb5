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

const hashOf = (seq: number, previous: string, e: Entry): Promise<string> =>
  sha256Hex(canonical({ seq, previous, at: e.at, act: e.act, who: e.who, object: e.object, detail: e.detail }))

/** The next event after `head`. */
export async function link(head: Head, entry: Entry): Promise<ChainEvent> {
  const seq = head.seq + 1
  return { ...entry, seq, previous: head.hash, hash: await hashOf(seq, head.hash, entry) }
}

/**
 * Walks `events` (in order) from `head` and returns the new head, or the first break: a missing number, an event whose
 * content does not match its hash (`altered`), or one that does not continue the one before (`relinked`).
 */
export async function walk(head: Head, events: Iterable<ChainEvent>): Promise<{ head: Head; firstBreak?: Break }> {
  for (const e of events) {
    if (e.seq !== head.seq + 1) return { head, firstBreak: { seq: head.seq + 1, reason: 'missing' } }
    if (e.previous !== head.hash) return { head, firstBreak: { seq: e.seq, reason: 'relinked' } }
    if ((await hashOf(e.seq, e.previous, e)) !== e.hash) return { head, firstBreak: { seq: e.seq, reason: 'altered' } }
    head = { seq: e.seq, hash: e.hash }
  }
  return { head }
}
