/** Verifying an organisation's chain where the reader is, so that nobody has to take the server's word. */
import { type Break, type ChainEvent, emptyHead, type Head, walk } from '../../domain/audit/chain.ts'

/** Events oldest first, and the newest event's number and hash. */
export interface AuditPage {
  items: ChainEvent[]
  head: Head
}
/** What a walk along the chain found. */
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
 * Walks the chain from its first event.
 *
 * @param read Answers a page of events from a number up.
 * @param watching `known` is a head verified earlier: a chain that was rewritten as a whole is consistent in itself and
 *   shows only against what was remembered. `onProgress` is told after each page how many events of how many were
 *   walked.
 * @throws What `read` rejects with.
 */
export async function verifyChain(
  read: (from: number) => Promise<AuditPage>,
  watching: { known?: Head | undefined; onProgress?: (checked: number, of: number) => void } = {},
): Promise<Verdict> {
  const { known, onProgress } = watching
  let head: Head = emptyHead
  for (;;) {
    const page = await read(head.seq + 1)
    const again = page.items.find(({ seq }) => seq === known?.seq)
    const result = await walk(head, page.items)
    head = result.head
    onProgress?.(head.seq, Math.max(page.head.seq, head.seq))
    if (result.firstBreak) return { head, firstBreak: result.firstBreak }
    if (known && again && again.hash !== known.hash)
      return { head, rewritten: { seq: again.seq, was: known.hash, now: again.hash } }
    if (page.items.length === 0 && head.seq < page.head.seq)
      return { head, firstBreak: { seq: head.seq + 1, reason: 'missing' } }
    if (head.seq === page.head.seq && head.hash !== page.head.hash)
      return { head, firstBreak: { seq: head.seq, reason: 'altered' } }
    if (page.items.length === 0 || head.seq >= page.head.seq) break
  }
  return known && known.seq > head.seq ? { head, rewritten: { seq: known.seq, was: known.hash } } : { head }
}

/** What it means that an event is not as it was written, as the end of a sentence. */
export const breakMeaning: Record<Break['reason'], string> = {
  altered: 'its content does not match its hash: it was changed after it was written',
  missing: 'it is not there: it was deleted, or the server does not show it',
  relinked: 'it does not continue the event before it: an event before it was replaced, inserted or removed',
}
