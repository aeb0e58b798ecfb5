/** For tests: what an organisation's chain says, and somebody who has the store in their hands. */
import { type Block, type ChainEvent, eventsOf } from '../../../domain/audit/chain.ts'
import type { Table } from '../../../ports/table.ts'
import { eventsFrom } from '../chain.ts'
import { keyOf } from '../items.ts'

/** All events, oldest first. */
export async function eventsIn(table: Table, organisationId: string): Promise<ChainEvent[]> {
  const events: ChainEvent[] = []
  for await (const event of eventsFrom({ table }, organisationId, 1, 500)) events.push(event)
  return events
}

/** Changes an event where it is stored, and leaves its hash as it was. Answers what undoes it. */
export async function tamper(
  table: Table,
  organisationId: string,
  seq: number,
  change: Partial<ChainEvent>,
): Promise<() => Promise<void>> {
  const { items } = await table.query<Block>(keyOf.auditEvent.partition(organisationId), {
    to: keyOf.auditEvent('', seq).sk,
    backwards: true,
    limit: 1,
  })
  const block = items[0]!
  const changed = eventsOf(block).map((event) => (event.seq === seq ? { ...event, ...change } : event))
  const put = async (item: object): Promise<void> => {
    await table.remove(block)
    await table.create(item as typeof block)
  }
  await put('events' in block ? { ...block, events: changed } : { ...block, ...change })
  return () => put(block)
}
