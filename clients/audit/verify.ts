/** Verifying an organisation's chain where the reader is, so that nobody has to take the server's word. */
import { type Break, type ChainEvent, emptyHead, type Head, walk } from '../../domain/audit/chain.ts'

export interface AuditPage {
  items: ChainEvent[]
  head: Head
}
export interface Verdict {
  /** The last event that was found right. */
  head: Head
  /** The first event that is not as it was written, if any. */
  firstBreak?: Break
  /**
   * An event that was verified before has another hash now (`now` is absent when the chain ends before it): the chain
   * was written anew.
   */
  rewritten?: { seq: number; was: string; now?: string }
}

/**
 * Walks the chain from its first event. `read(from)` answers events from that number up, oldest first, with the newest
 * event's number and hash. `known` is a head verified earlier: a chain that was rewritten as a whole is consistent in
 * itself and shows only against what was remembered. Rejects with what `read` rejects with; `onProgress` is told after
 * each page.
 */
export async function verifyChain(
  read: (from: number) => Promise<AuditPage>,
  o: { known?: Head | undefined; onProgress?: (checked: number, of: number) => void } = {},
): Promise<Verdict> {
  let head: Head = emptyHead
  for (;;) {
    const page = await read(head.seq + 1)
    const known = page.items.find((e) => e.seq === o.known?.seq)
    const result = await walk(head, page.items)
    head = result.head
    o.onProgress?.(head.seq, Math.max(page.head.seq, head.seq))
    if (result.firstBreak) return { head, firstBreak: result.firstBreak }
    if (o.known && known && known.hash !== o.known.hash)
      return { head, rewritten: { seq: known.seq, was: o.known.hash, now: known.hash } }
    if (page.items.length === 0 && head.seq < page.head.seq)
      return { head, firstBreak: { seq: head.seq + 1, reason: 'missing' } }
    if (head.seq === page.head.seq && head.hash !== page.head.hash)
      return { head, firstBreak: { seq: head.seq, reason: 'altered' } }
    if (page.items.length === 0 || head.seq >= page.head.seq) break
  }
  return o.known && o.known.seq > head.seq ? { head, rewritten: { seq: o.known.seq, was: o.known.hash } } : { head }
}

export const breakMeaning: Record<Break['reason'], string> = {
  altered: 'its content does not match its hash: it was changed after it was written',
  missing: 'it is not there: it was deleted, or the server does not show it',
  relinked: 'it does not continue the event before it: an event before it was replaced, inserted or removed',
}
