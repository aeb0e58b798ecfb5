/** The function `audit`: reading and walking an organisation's chain. */
import type { z } from 'zod'
import type { AuditEvent } from '../../contracts/audit.ts'
import { type Break, type ChainEvent, emptyHead, type Head, walk } from '../../domain/audit/chain.ts'
import { eventsBefore, eventsFrom, head, historyOf, take } from '../kernel/chain.ts'
import type { Deps } from '../kernel/deps.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { audit } from './area.ts'

type Routes = (typeof audit)['routes']

// As stored, nothing added or repaired: whoever reads must be able to compute the hashes.
const shown = (event: ChainEvent): z.input<typeof AuditEvent> => ({
  seq: event.seq,
  at: event.at,
  act: event.act,
  who: event.who,
  object: event.object,
  detail: event.detail,
  previous: event.previous,
  hash: event.hash,
})

const events: Implementation<Routes['events']> = async ({ params: { organisationId }, query }, deps) => {
  const { from, limit, before = Number.MAX_SAFE_INTEGER } = query
  const found =
    from === undefined
      ? eventsBefore(deps, organisationId, before, limit)
      : eventsFrom(deps, organisationId, from, limit)
  const [items, top] = await Promise.all([take(found, limit), head(deps, organisationId)])
  return { items: items.map(shown), head: top }
}

const objectHistory: Implementation<Routes['objectHistory']> = async ({ study, query }, deps) => {
  const object = `study ${study.studyId}`
  const concerns = (event: ChainEvent): boolean => event.object === object || event.detail['study'] === study.studyId
  const { items, next } = await historyOf(deps, study.organisationId, concerns, query.before)
  return { items: items.map(shown), ...(next === undefined ? {} : { next }) }
}

const walkAtMost = 5000
const walkedAtOnce = 500

/** The head before `from`: as the caller remembers it, or as the chain says. */
async function startOf(deps: Deps, organisationId: string, from: number, previous: string | undefined): Promise<Head> {
  if (from === 1) return emptyHead
  if (previous !== undefined) return { seq: from - 1, hash: previous }
  const [event] = await take(eventsFrom(deps, organisationId, from - 1, 1), 1)
  return { seq: from - 1, hash: event?.seq === from - 1 ? event.hash : emptyHead.hash }
}

const verify: Implementation<Routes['verify']> = async ({ params: { organisationId }, query }, deps) => {
  const top = await head(deps, organisationId)
  let at = await startOf(deps, organisationId, query.from, query.previous)
  let firstBreak: Break | undefined
  const last = Math.min(top.seq, query.from + walkAtMost - 1)
  while (at.seq < last && !firstBreak) {
    const count = Math.min(walkedAtOnce, last - at.seq)
    const page = await take(eventsFrom(deps, organisationId, at.seq + 1, count), count)
    if (page.length === 0) firstBreak = { seq: at.seq + 1, reason: 'missing' }
    else ({ head: at, firstBreak } = await walk(at, page))
  }
  return {
    whole: !firstBreak,
    checkedThrough: at.seq,
    hash: at.hash,
    head: top.seq,
    firstBreak,
  }
}

export const createAudit = (deps: Deps): LambdaHandler =>
  lambda(audit, 'audit', deps, { events, objectHistory, verify })
