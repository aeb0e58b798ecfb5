/** The function `audit`: reading and walking an organisation's chain. */
import type { z } from 'zod'
import type { AuditEvent } from '../../contracts/audit.ts'
import { type Break, type ChainEvent, emptyHead, type Head, walk } from '../../domain/audit/chain.ts'
import type { Item } from '../../ports/table.ts'
import { head } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { keyOf } from '../kernel/items.ts'
import { audit } from './area.ts'

type Routes = (typeof audit)['routes']

const sk = (seq: number): string => keyOf.auditEvent('', seq).sk
const pk = (organisationId: string): string => keyOf.auditEvent(organisationId, 0).pk
// As stored, nothing added or repaired: whoever reads must be able to compute the hashes.
const shown = (event: Item<ChainEvent>): z.input<typeof AuditEvent> => ({
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
  const range =
    query.from !== undefined
      ? { from: sk(query.from) }
      : { ...(query.before === undefined ? {} : { to: sk(query.before - 1) }), backwards: true as const }
  const [page, top] = await Promise.all([
    deps.table.query<ChainEvent>(pk(organisationId), { ...range, limit: query.limit }),
    head(deps, organisationId),
  ])
  return { items: page.items.map(shown), head: top }
}

const historyPage = 100
const readAtMost = 2000

/** Walks back from `before` until a page is full or enough has been read; `next` goes on from there. */
const objectHistory: Implementation<Routes['objectHistory']> = async ({ study, query }, deps) => {
  const object = `study ${study.studyId}`
  const items: z.input<typeof AuditEvent>[] = []
  let before = query.before ?? (await head(deps, study.organisationId)).seq + 1
  for (let read = 0; before > 1 && read < readAtMost && items.length < historyPage;) {
    const page = await deps.table.query<ChainEvent>(pk(study.organisationId), {
      to: sk(before - 1),
      backwards: true,
      limit: 250,
    })
    if (page.items.length === 0) {
      before = 1
      break
    }
    for (const event of page.items) {
      before = event.seq
      read++
      if (event.object === object || event.detail['study'] === study.studyId) items.push(shown(event))
      if (items.length === historyPage) break
    }
  }
  return { items, ...(before > 1 ? { next: before } : {}) }
}

const walkAtMost = 5000

/** The head before `from`: as the caller remembers it, or as the chain says. */
async function startOf(deps: Deps, organisationId: string, from: number, previous: string | undefined): Promise<Head> {
  if (from === 1) return emptyHead
  if (previous !== undefined) return { seq: from - 1, hash: previous }
  return {
    seq: from - 1,
    hash: (await deps.table.get<ChainEvent>(keyOf.auditEvent(organisationId, from - 1)))?.hash ?? emptyHead.hash,
  }
}

const verify: Implementation<Routes['verify']> = async ({ params: { organisationId }, query }, deps) => {
  const top = await head(deps, organisationId)
  let at = await startOf(deps, organisationId, query.from, query.previous)
  let firstBreak: Break | undefined
  const last = Math.min(top.seq, query.from + walkAtMost - 1)
  while (at.seq < last && !firstBreak) {
    const page = await deps.table.query<ChainEvent>(pk(organisationId), {
      from: sk(at.seq + 1),
      to: sk(last),
      limit: 500,
    })
    if (page.items.length === 0) firstBreak = { seq: at.seq + 1, reason: 'missing' }
    else ({ head: at, firstBreak } = await walk(at, page.items))
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
