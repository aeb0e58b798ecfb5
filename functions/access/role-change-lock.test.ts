/** Changes of people by two processes at once, with clocks that differ, crashes, and an index that lags behind. */
import type { Context } from 'aws-lambda'
import { beforeEach, expect, test } from 'vitest'
import { areas } from '../../contracts/index.ts'
import type { Table } from '../../ports/table.ts'
import { keyOf, type MemberItem } from '../kernel/items.ts'
import { type CallInput, eventOf, type Harness, harness } from '../kernel/testing.ts'
import { eventsIn } from '../kernel/testing/chain.ts'
import { createAccess } from './access.ts'

let on: Harness
let organisationId: string
beforeEach(async () => {
  on = await harness()
  ;({ organisationId } = await on.organisation('Lab', { ada: ['admin'], ben: ['admin'], rosa: ['researcher'] }))
})
const memberOf = (name: string): Promise<MemberItem | undefined> =>
  on.deps.table.get<MemberItem>(keyOf.member(organisationId, `user-${name}`))
const acts = async (): Promise<string[]> =>
  (await eventsIn(on.deps.table, organisationId)).map(({ act, object }) => `${act} ${object}`)

/** A process of its own: what it remembers, its clock, and how it reaches the table. */
function process(more: { table?: Partial<Table>; secondsAhead?: number } = {}) {
  const now = (): Date => new Date(on.clock.now().getTime() + (more.secondsAhead ?? 0) * 1000)
  const table = { ...on.deps.table, ...more.table }
  const handler = createAccess({ ...on.deps, memory: new Map(), table, now })
  return async (name: 'removeMember' | 'setRoles', input: object): Promise<number> =>
    (await handler(eventOf(areas.access.routes[name], input as CallInput), {} as Context)).statusCode!
}
const removing = (who: string, as: string): object => ({
  as: on.person(as),
  params: { organisationId, userId: `user-${who}` },
})
/** The first write to the chain: it does not go on until it is let go, or fails. */
function atTheChain(then: () => Promise<void>): { table: Partial<Table>; reached: Promise<void> } {
  let first = true
  let reach: () => void
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const create: Table['create'] = async (item) => {
    if (first && item.pk.startsWith('AUDIT')) {
      first = false
      reach()
      await then()
    }
    return on.deps.table.create(item)
  }
  return { table: { create }, reached }
}

test('a process that stands still is overtaken by one whose clock is ahead, and what the chain says is so', async () => {
  let go!: () => void
  const still = new Promise<void>((resolve) => {
    go = resolve
  })
  const { table, reached } = atTheChain(() => still)
  const slow = process({ table })('removeMember', removing('ben', 'ada'))
  await reached
  const ahead = process({ secondsAhead: 3600 })
  const other = await ahead('removeMember', removing('ada', 'ben'))
  go()
  const statuses = [await slow, other]
  const left = [await memberOf('ada'), await memberOf('ben')].filter((member) => member !== undefined)
  expect(left).toHaveLength(1)
  expect(statuses.filter((status) => status === 204)).toHaveLength(1)
  const gone = left[0]!.userId === 'user-ada' ? 'user-ben' : 'user-ada'
  expect(await acts()).toEqual([`member.removed person ${gone}`])
})

test('what a crash left in hand is gone on with by the next, once, whatever the time is', async () => {
  const crash = async (): Promise<never> => {
    throw new Error('killed')
  }
  const { table } = atTheChain(crash)
  expect(await process({ table })('removeMember', removing('rosa', 'ada'))).toBe(500)
  expect(await process()('setRoles', { ...removing('ben', 'ada'), body: { roles: ['auditor'], rev: 1 } })).toBe(200)
  expect(await memberOf('rosa')).toBeUndefined()
  expect(await acts()).toEqual(['member.removed person user-rosa', 'member.roles-changed person user-ben'])
})

test('a right that the index does not show yet ends with the membership all the same', async () => {
  const rosa = on.person('rosa')
  const { studyId } = await on.call('studies', 'create', {
    as: rosa,
    params: { organisationId },
    body: { title: 'Flanker', requestId: '6fa2c9a4-3a0e-4b5e-9a55-0d6f6a3f1c01' },
  })
  const may = async (): Promise<number> =>
    (await on.answer('studies', 'study', { as: rosa, params: { studyId } })).status
  expect(await may()).toBe(200)
  const query: Table['query'] = async (pk, options) =>
    options?.index && pk === 'USER#user-rosa' ? { items: [] } : on.deps.table.query(pk, options)
  expect(await process({ table: { query } })('removeMember', removing('rosa', 'ada'))).toBe(204)
  const { link } = await on.call('access', 'invite', {
    as: on.person('ada'),
    params: { organisationId },
    body: { email: 'rosa@lab.example', roles: ['researcher'] },
  })
  await on.call('access', 'acceptInvitation', { as: rosa, body: { invitation: link.split('#')[1]! } })
  expect(await may()).toBe(404)
  const people = await on.call('studies', 'people', { as: on.person('ada'), params: { studyId } })
  expect(people.items).toEqual([])
  // Given again it counts, although the old one is still in its place.
  const share = { as: on.person('ada'), params: { studyId, userId: 'user-rosa' }, body: { rights: ['edit' as const] } }
  expect(await on.call('studies', 'share', share)).toMatchObject({ rights: ['edit'] })
  expect(await may()).toBe(200)
})

test('a helper that stands still before it removes somebody removes nobody who has come again meanwhile', async () => {
  const rosa = on.person('rosa')
  const creating = { title: 'Flanker', requestId: '6fa2c9a4-3a0e-4b5e-9a55-0d6f6a3f1c01' }
  const { studyId } = await on.call('studies', 'create', { as: rosa, params: { organisationId }, body: creating })
  const right = keyOf.studyPerson(studyId, 'user-rosa')
  const comesAgain = async (): Promise<void> => {
    expect(await process()('setRoles', { ...removing('ben', 'ada'), body: { roles: ['auditor'], rev: 1 } })).toBe(200)
    expect(await memberOf('rosa')).toBeUndefined()
    const invited = { email: 'rosa@lab.example', roles: ['researcher' as const] }
    const { link } = await on.call('access', 'invite', {
      as: on.person('ada'),
      params: { organisationId },
      body: invited,
    })
    await on.call('access', 'acceptInvitation', { as: rosa, body: { invitation: link.split('#')[1]! } })
    const share = {
      as: on.person('ada'),
      params: { studyId, userId: 'user-rosa' },
      body: { rights: ['edit' as const] },
    }
    await on.call('studies', 'share', share)
  }
  let stands = true
  const remove: Table['remove'] = async (key, when) => {
    const isFirst = stands && (key.pk === right.pk || key.sk === keyOf.member(organisationId, 'user-rosa').sk)
    if (isFirst) {
      stands = false
      await comesAgain()
    }
    return on.deps.table.remove(key, when)
  }
  expect(await process({ table: { remove } })('removeMember', removing('rosa', 'ada'))).toBe(204)
  expect(stands).toBe(false)
  expect.soft(await memberOf('rosa')).toMatchObject({ roles: ['researcher'] })
  expect.soft(await on.deps.table.get(right)).toMatchObject({ rights: ['edit'] })
})
