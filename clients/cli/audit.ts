/** audit verify: walks the chain on this computer, and remembers where it stood. audit events: lists it. */
import { type Act, acts } from '../../domain/audit/acts.ts'
import type { ChainEvent } from '../../domain/audit/chain.ts'
import { breakMeaning, verifyChain } from '../audit/verify.ts'
import { rememberHead, verifiedHead } from './config.ts'
import { type Call, type Command, text } from './command.ts'
import { CliError, count, exits, show, table, tame } from './io.ts'
import { connect, organisationOf } from './session.ts'

/** The whole chain, newest last; `--act` keeps one kind of act. */
async function events(call: Call): Promise<void> {
  const act = text(call, 'act')
  if (act !== undefined && !(acts as readonly string[]).includes(act))
    throw new CliError(exits.usage, `There is no act "${tame(act)}".`, `Acts: ${acts.join(', ')}`)
  const session = await connect(call.io, text(call, 'server'))
  const { organisationId } = await organisationOf(session, text(call, 'org'))
  const found: ChainEvent[] = []
  for (let from = 1; ;) {
    const { items, head } = await session.client.audit.events({
      params: { organisationId },
      query: { from, limit: 500 },
      signal: call.io.signal,
    })
    found.push(...items.filter((e) => act === undefined || e.act === (act as Act)))
    from = (items.at(-1)?.seq ?? head.seq) + 1
    if (items.length === 0 || from > head.seq) break
  }
  show(call.io, found, () =>
    found.length === 0
      ? 'No events.'
      : table(
          ['NO', 'AT', 'WHO', 'ACT', 'OBJECT', 'DETAIL'],
          found.map((e) => [
            e.seq,
            e.at.slice(0, 19).replace('T', ' '),
            e.who.name ?? e.who.id,
            e.act,
            e.object,
            JSON.stringify(e.detail),
          ]),
        ),
  )
}

export const audit: Command = {
  usage: 'audit verify [--org ORG] | audit events [--act ACT] [--org ORG]',
  summary: 'Check the audit chain event by event (exit code 1 when it is broken), or list it',
  detail:
    'Every hash is calculated here. The last head that was found right is remembered, so that a chain that was written anew as a whole is noticed too.',
  options: { org: { type: 'string' }, act: { type: 'string' } },
  async run(call) {
    const { io } = call
    if (call.args.length === 1 && call.args[0] === 'events') return events(call)
    if (call.args.length !== 1 || call.args[0] !== 'verify')
      throw new CliError(exits.usage, 'Say "cloister audit verify" or "cloister audit events".')
    const session = await connect(io, text(call, 'server'))
    const { organisationId, organisation } = await organisationOf(session, text(call, 'org'))
    const known = await verifiedHead(io, session.server, organisationId)
    const verdict = await verifyChain(
      (from) =>
        session.client.audit.events({ params: { organisationId }, query: { from, limit: 500 }, signal: io.signal }),
      {
        known,
        onProgress: (checked, of) => io.progress(`Verified ${checked} of ${count(of, 'event')}`),
      },
    )
    const whole = !verdict.firstBreak && !verdict.rewritten
    if (whole) await rememberHead(io, session.server, organisationId, { ...verdict.head, at: new Date().toISOString() })
    show(io, { organisationId, whole, ...verdict, ...(known ? { verifiedBefore: known } : {}) }, () => {
      if (verdict.firstBreak)
        return `The chain of ${tame(organisation)} breaks at event ${verdict.firstBreak.seq}: ${breakMeaning[verdict.firstBreak.reason]}.\nThe ${count(verdict.head.seq, 'event')} before it ${verdict.head.seq === 1 ? 'is' : 'are'} whole.`
      if (verdict.rewritten)
        return `The chain of ${tame(organisation)} is not the one that was verified here on ${known?.at.slice(0, 10)}: event ${verdict.rewritten.seq} ${verdict.rewritten.now ? 'had another hash' : 'is gone'}.\n  then ${verdict.rewritten.was}${verdict.rewritten.now ? `\n  now  ${verdict.rewritten.now}` : ''}`
      return `The chain of ${tame(organisation)} is whole: ${count(verdict.head.seq, 'event')}${known ? `, and continues what was verified here on ${known.at.slice(0, 10)} (event ${known.seq})` : ''}.\n  newest ${verdict.head.hash}`
    })
    return whole ? exits.done : exits.no
  },
}
