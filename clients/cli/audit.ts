/** audit verify: walks the chain on this computer, and remembers where it stood. audit events: lists it. */
import { type Act, acts } from '../../domain/audit/acts.ts'
import type { ChainEvent } from '../../domain/audit/chain.ts'
import { breakMeaning, type Verdict, verifyChain } from '../audit/verify.ts'
import { defineCommand, type Group, organisation } from './command.ts'
import { rememberHead, type VerifiedHead, verifiedHead } from './config.ts'
import { CliError, exits, show } from './io.ts'
import { organisationMeant, type Session } from './session.ts'
import { count, day, second, table, tame } from './text.ts'

/** Events a request. */
const pageSize = 500

/** The whole chain, newest last, or one kind of act of it. */
async function allEvents({ client, io }: Session, organisationId: string, act?: Act): Promise<ChainEvent[]> {
  const found: ChainEvent[] = []
  for (let from = 1; ;) {
    const { items, head } = await client.audit.events({
      params: { organisationId },
      query: { from, limit: pageSize },
      signal: io.signal,
    })
    found.push(...items.filter((event) => act === undefined || event.act === act))
    from = (items.at(-1)?.seq ?? head.seq) + 1
    if (items.length === 0 || from > head.seq) return found
  }
}

function actOf(value: string | undefined): Act | undefined {
  if (value !== undefined && !(acts as readonly string[]).includes(value))
    throw new CliError(exits.usage, `There is no act "${tame(value)}".`, `Acts: ${acts.join(', ')}`)
  return value as Act | undefined
}

const eventTable = (events: readonly ChainEvent[]): string =>
  table(
    ['NO', 'AT', 'WHO', 'ACT', 'OBJECT', 'DETAIL'],
    events.map((event) => [
      event.seq,
      second(event.at),
      event.who.name ?? event.who.id,
      event.act,
      event.object,
      JSON.stringify(event.detail),
    ]),
  )

const events = defineCommand({
  name: 'events',
  usage: 'events [--act ACT] [--org ORG]',
  summary: 'Lists the events of the chain, newest last',
  options: { org: organisation, act: { type: 'string', value: 'ACT', help: 'only acts of this kind' } },
  examples: ['cloister audit events --act run.opened'],
  async run({ io, options }) {
    const act = actOf(options.act)
    const { session, organisationId } = await organisationMeant({ io, options })
    const found = await allEvents(session, organisationId, act)
    show(io, found, () => (found.length === 0 ? 'No events.' : eventTable(found)))
  },
})

/** What the verification found, for people. */
function verdictText(name: string, verdict: Verdict, known: VerifiedHead | undefined): string {
  const { firstBreak, rewritten, head } = verdict
  if (firstBreak)
    return `The chain of ${name} breaks at event ${firstBreak.seq}: ${breakMeaning[firstBreak.reason]}.\nThe ${count(head.seq, 'event')} before it ${head.seq === 1 ? 'is' : 'are'} whole.`
  if (rewritten)
    return `The chain of ${name} is not the one that was verified here on ${known && day(known.at)}: event ${rewritten.seq} ${rewritten.now ? 'had another hash' : 'is gone'}.\n  then ${rewritten.was}${rewritten.now ? `\n  now  ${rewritten.now}` : ''}`
  const continued = known ? `, and continues what was verified here on ${day(known.at)} (event ${known.seq})` : ''
  return `The chain of ${name} is whole: ${count(head.seq, 'event')}${continued}.\n  newest ${head.hash}`
}

const verify = defineCommand({
  name: 'verify',
  usage: 'verify [--org ORG]',
  summary: 'Checks the chain event by event; exit code 1 when it is broken',
  options: { org: organisation },
  examples: ['cloister audit verify'],
  async run({ io, options }) {
    const { session, organisationId, organisation: name } = await organisationMeant({ io, options })
    const known = await verifiedHead(io, session.server, organisationId)
    const verdict = await verifyChain(
      (from) =>
        session.client.audit.events({
          params: { organisationId },
          query: { from, limit: pageSize },
          signal: io.signal,
        }),
      {
        known,
        onProgress: (checked, of) => io.progress(`Verified ${checked} of ${count(of, 'event')}`),
      },
    )
    const whole = !verdict.firstBreak && !verdict.rewritten
    if (whole) await rememberHead(io, session.server, organisationId, { ...verdict.head, at: new Date().toISOString() })
    show(io, { organisationId, whole, ...verdict, ...(known ? { verifiedBefore: known } : {}) }, () =>
      verdictText(tame(name), verdict, known),
    )
    return whole ? exits.done : exits.no
  },
})

const auditGroup: Group = {
  name: 'audit',
  usage: 'audit verify [--org ORG] | audit events [--act ACT] [--org ORG]',
  summary: 'Check the audit chain event by event (exit code 1 when it is broken), or list it',
  detail:
    'Every hash is calculated here. The last head that was found right is remembered, so that a chain that was written anew as a whole is noticed too.',
  wrongUse: { message: 'Say "cloister audit verify" or "cloister audit events".' },
  commands: [verify, events],
}

export const audit: readonly Group[] = [auditGroup]
