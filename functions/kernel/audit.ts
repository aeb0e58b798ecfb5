/** Appends to an organisation's chain: a conditional put at the next number. Call it before the act takes effect. */
import type { Act } from '../../domain/audit/acts.ts'
import { type ChainEvent, type Detail, emptyHead, type Head, link, type Who } from '../../domain/audit/chain.ts'
import { AlreadyExists } from '../../ports/table.ts'
import type { Caller } from './caller.ts'
import type { Deps } from './deps.ts'
import { keyOf } from './items.ts'

/** One event to be written; the chain adds when, who, and its place. */
export interface AuditEntry {
  act: Act
  object: string
  detail?: Detail
}

export const whoOf = (c: Caller): Who =>
  c.token ? { kind: 'token', id: `${c.userId}/${c.token.tokenId}` } : { kind: 'person', id: c.userId }

/** The newest event's number and hash. */
export async function head(deps: Pick<Deps, 'table'>, organisationId: string): Promise<Head> {
  const { items } = await deps.table.query<ChainEvent>(keyOf.auditEvent.partition(organisationId), {
    backwards: true,
    limit: 1,
    attributes: ['seq', 'hash'],
  })
  return items[0] ? { seq: items[0].seq, hash: items[0].hash } : emptyHead
}

/**
 * Writes one event per entry, in order. Concurrent writers take turns; gives up (throws) after a minute of bad luck.
 */
export async function record(
  deps: Pick<Deps, 'table' | 'now'>,
  organisationId: string,
  who: Who,
  entries: readonly AuditEntry[],
): Promise<void> {
  let at = await head(deps, organisationId)
  for (const entry of entries) {
    for (let tries = 0; ; tries++) {
      const event = await link(at, {
        at: deps.now().toISOString(),
        who,
        act: entry.act,
        object: entry.object,
        detail: entry.detail ?? {},
      })
      try {
        await deps.table.create({ ...event, ...keyOf.auditEvent(organisationId, event.seq) })
        at = { seq: event.seq, hash: event.hash }
        break
      } catch (e) {
        if (!(e instanceof AlreadyExists) || tries > 200) throw e
        await new Promise((r) => setTimeout(r, Math.random() * Math.min(300, 5 * (tries + 1))))
        at = await head(deps, organisationId)
      }
    }
  }
}
