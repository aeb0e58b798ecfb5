/** Appends to an organisation's chain: a conditional put at the next number. Call it before the act takes effect. */
import type { Act } from '../../domain/audit/acts.ts'
import { type ChainEvent, type Detail, emptyHead, type Head, link, type Who } from '../../domain/audit/chain.ts'
import type { Caller } from './caller.ts'
import type { Deps } from './deps.ts'
import { keyOf } from './items.ts'
import { contendedTries, type Retrying, retrying } from './retry.ts'

/** One event to be written; the chain adds when, who, and its place. */
export interface AuditEntry {
  act: Act
  object: string
  detail?: Detail
}

/** Who acts, as the chain names them: a person, or a token of theirs. */
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
 * Writes one event per entry, in order. Concurrent writers take turns; gives up (throws `AlreadyExists`) after a minute
 * of bad luck.
 */
export async function record(
  deps: Pick<Deps, 'table' | 'now'> & Retrying,
  organisationId: string,
  who: Who,
  entries: readonly AuditEntry[],
): Promise<void> {
  let at = await head(deps, organisationId)
  for (const { act, object, detail = {} } of entries) {
    at = await retrying(
      deps,
      async (tries) => {
        const before = tries === 0 ? at : await head(deps, organisationId)
        const event = await link(before, { at: deps.now().toISOString(), who, act, object, detail })
        await deps.table.create({ ...event, ...keyOf.auditEvent(organisationId, event.seq) })
        return { seq: event.seq, hash: event.hash }
      },
      { times: contendedTries },
    )
  }
}
