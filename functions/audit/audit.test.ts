import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChainEvent, emptyHead, walk } from '../../domain/audit/chain.ts'
import type { Act } from '../../domain/audit/acts.ts'
import { record } from '../kernel/audit.ts'
import { keyOf } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'

let on: Harness
beforeAll(async () => {
  on = await harness()
})
afterAll(async () => {
  await on.close()
})

const who = { kind: 'person' as const, id: 'user-ada' }
const write = (organisationId: string, count: number, object = 'study std_x', act: Act = 'study.changed') =>
  record(
    on.deps,
    organisationId,
    who,
    Array.from({ length: count }, (_, i) => ({ act, object, detail: { n: i, tags: ['a', 'b'] } })),
  )
const lab = async (
  count: number,
): Promise<{ params: { organisationId: string }; otto: ReturnType<Harness['person']> }> => {
  const { organisationId } = await on.organisation('Lab', { ada: ['admin'], otto: ['auditor'], rosa: ['researcher'] })
  if (count > 0) await write(organisationId, count)
  return { params: { organisationId }, otto: on.person('otto') }
}

describe('writing', () => {
  it('by 30 at once leaves one whole chain', async () => {
    const { params } = await lab(0)
    await Promise.all(Array.from({ length: 30 }, () => write(params.organisationId, 2)))
    const { items, head } = await on.call('audit', 'events', { as: on.person('ada'), params, query: { from: 1 } })
    expect(items.map((e) => e.seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    expect(await walk(emptyHead, items as never)).toEqual({ head })
  })
})

describe('reading', () => {
  it('an empty chain', async () => {
    const { params, otto } = await lab(0)
    expect(await on.call('audit', 'events', { as: otto, params })).toEqual({ items: [], head: emptyHead })
    expect(await on.call('audit', 'verify', { as: otto, params })).toEqual({
      whole: true,
      checkedThrough: 0,
      hash: emptyHead.hash,
      head: 0,
    })
  })
  it('forwards from a number, backwards before one, and the newest page by default', async () => {
    const { params, otto } = await lab(12)
    const seqs = async (query: object): Promise<number[]> =>
      (await on.call('audit', 'events', { as: otto, params, query })).items.map((e) => e.seq)
    expect(await seqs({ from: 3, limit: 4 })).toEqual([3, 4, 5, 6])
    expect(await seqs({ before: 5, limit: 3 })).toEqual([4, 3, 2])
    expect(await seqs({ before: 1 })).toEqual([])
    expect(await seqs({ limit: 2 })).toEqual([12, 11])
  })
  it('is for admins, custodians and auditors, and for tokens with the scope', async () => {
    const { params } = await lab(1)
    expect(await on.refused('audit', 'events', { as: on.person('rosa'), params })).toMatchObject({
      status: 403,
      kind: 'forbidden',
    })
    expect(await on.refused('audit', 'events', { as: on.person('sam'), params })).toMatchObject({ status: 404 })
    expect(
      await on.refused('audit', 'events', { as: on.person('otto', { scopes: ['studies:read'] }), params }),
    ).toMatchObject({ status: 403 })
    expect(
      (await on.call('audit', 'events', { as: on.person('otto', { scopes: ['audit:read'] }), params })).items,
    ).toHaveLength(1)
  })
})

describe('verification', () => {
  it('names the first break: altered, missing, relinked', async () => {
    const { params, otto } = await lab(700)
    const verify = (query: object = {}) => on.call('audit', 'verify', { as: otto, params, query })
    const whole = await verify()
    expect(whole).toMatchObject({ whole: true, checkedThrough: 700, head: 700 })
    expect(await verify({ from: 701, previous: whole.hash })).toMatchObject({ whole: true, checkedThrough: 700 })
    expect(await verify({ from: 400 })).toMatchObject({ whole: true, checkedThrough: 700 })
    expect(await verify({ from: 400, previous: '0'.repeat(64) })).toMatchObject({
      whole: false,
      firstBreak: { seq: 400, reason: 'relinked' },
    })
    // Written at once, they lie in blocks of a hundred.
    const key = (n: number) => keyOf.auditEvent(params.organisationId, n)
    const block = (await on.deps.table.get<{ events: ChainEvent[] }>(key(601)))!
    const altered = block.events.map((event) => (event.seq === 650 ? { ...event, object: 'study std_y' } : event))
    await on.deps.table.update(key(601), { set: { events: altered } })
    expect(await verify()).toMatchObject({
      whole: false,
      checkedThrough: 649,
      firstBreak: { seq: 650, reason: 'altered' },
    })
    await on.deps.table.remove(key(501))
    expect(await verify()).toMatchObject({
      whole: false,
      checkedThrough: 500,
      firstBreak: { seq: 501, reason: 'missing' },
    })
    await on.deps.table.remove(key(601))
    expect((await verify()).head).toBe(500)
  })

  it('walks single events, as version 0.1.0 wrote them, and blocks alike, from any number', async () => {
    const { params, otto } = await lab(0)
    for (const count of [1, 1, 5, 1, 150, 1]) await write(params.organisationId, count)
    const { items } = await on.call('audit', 'events', { as: otto, params, query: { from: 1, limit: 500 } })
    expect((await walk(emptyHead, items as never)).head.seq).toBe(159)
    for (const from of [1, 2, 3, 5, 8, 9, 100, 109, 158, 159]) {
      const page = await on.call('audit', 'events', { as: otto, params, query: { from, limit: 7 } })
      expect(page.items).toEqual(items.slice(from - 1, from + 6))
      const back = await on.call('audit', 'events', { as: otto, params, query: { before: from, limit: 7 } })
      expect(back.items).toEqual(items.slice(Math.max(0, from - 8), from - 1).reverse())
      const verified = await on.call('audit', 'verify', { as: otto, params, query: { from } })
      expect(verified).toMatchObject({ whole: true, checkedThrough: 159, head: 159 })
    }
  })
})

describe('a study’s history', () => {
  it('is its own and its runs’ events, newest first, in bounded pages', async () => {
    const { params } = await lab(0)
    const studyId = 'std_aaaaaaaaaaaaaaaaaaaa'
    await on.deps.table.create({
      ...keyOf.study(studyId),
      studyId,
      organisationId: params.organisationId,
      title: 'T',
      description: '',
      state: 'draft',
      runtime: 'platform',
      redirectHosts: [],
      version: 0,
      created: '',
      changed: '',
    })
    await write(params.organisationId, 60, `study ${studyId}`)
    await write(params.organisationId, 300, 'study std_other')
    await write(params.organisationId, 60, `study ${studyId}`)
    await record(on.deps, params.organisationId, who, [
      { act: 'run.opened', object: 'run run_x', detail: { study: studyId, purpose: 'p' } },
    ])
    const ada = on.person('ada')
    const first = await on.call('audit', 'objectHistory', { as: ada, params: { studyId } })
    expect(first.items).toHaveLength(100)
    expect(first.items[0]).toMatchObject({ act: 'run.opened' })
    const second = await on.call('audit', 'objectHistory', {
      as: ada,
      params: { studyId },
      query: { before: first.next },
    })
    const seqs = [...first.items, ...second.items].map((e) => e.seq)
    expect(seqs).toHaveLength(121)
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => b - a))
    expect(second.next).toBeUndefined()
    expect(await on.refused('audit', 'objectHistory', { as: on.person('sam'), params: { studyId } })).toMatchObject({
      status: 404,
    })
    expect(await on.refused('audit', 'objectHistory', { as: on.person('rosa'), params: { studyId } })).toMatchObject({
      status: 404,
    })
  })
})
