import { beforeEach, expect, test } from 'vitest'
import { type Caller, fromContext } from '../kernel/caller.ts'
import { keyOf, type OrganisationItem } from '../kernel/items.ts'
import { harness, type Harness } from '../kernel/testing.ts'
import { createAuthorizer } from './authorizer.ts'

let on: Harness
let organisationId: string
/** An admin who signed in by two factors, and by one. */
let ada: Caller
let once: Caller
beforeEach(async () => {
  on = await harness()
  ;({ organisationId } = await on.organisation('Lab', { ada: ['admin'], bo: ['researcher'] }))
  ada = on.person('ada', { secondFactor: true })
  once = on.person('ada')
})
const read = (as: Caller) => on.answer('access', 'organisation', { as, params: { organisationId } })
const rev = async (): Promise<number> =>
  (await on.deps.table.get<OrganisationItem>(keyOf.organisation(organisationId)))!.rev!
const demand = async (as: Caller, demanded: boolean) =>
  on.answer('access', 'demandSecondFactor', { as, params: { organisationId }, body: { demanded, rev: await rev() } })
const closed = { status: 403, body: { kind: 'second-factor-needed', detail: expect.stringContaining('Set up') } }

test('an organisation is closed to one factor, tells how to go on, and opens again', async () => {
  expect(await demand(ada, true)).toMatchObject({ status: 200, body: { secondFactor: true } })
  expect(await read(on.person('bo'))).toMatchObject(closed)
  expect(await read(on.person('bo', { secondFactor: true }))).toMatchObject({ status: 200 })
  expect((await read(on.person('eve'))).status).toBe(404)
  expect(await demand(ada, false)).toMatchObject({ status: 200, body: { secondFactor: false } })
  expect(await read(on.person('bo'))).toMatchObject({ status: 200 })
  const { items } = await on.call('audit', 'events', { as: ada, params: { organisationId }, query: {} })
  expect(items.map(({ act, detail }) => [act, detail])).toEqual([
    ['organisation.second-factor', { demanded: false }],
    ['organisation.second-factor', { demanded: true }],
  ])
})

test('nobody demands it who has not shown two, by a token, in an old sign-in, or as no admin', async () => {
  expect(await demand(once, true)).toMatchObject(closed)
  expect((await read(once)).status).toBe(200)
  const scoped = on.person('ada', { scopes: ['people:write'], secondFactor: true })
  expect((await demand(scoped, true)).status).toBe(403)
  expect(await demand(on.person('ada', { loginSecondsAgo: 901, secondFactor: true }), true)).toMatchObject({
    body: { kind: 'login-too-old' },
  })
  expect((await demand(on.person('bo', { secondFactor: true }), true)).status).toBe(403)
  await demand(ada, true)
  expect(await demand(once, false)).toMatchObject(closed)
})

test('what is not of an organisation stays open, and its name is shown', async () => {
  await demand(ada, true)
  const me = await on.call('access', 'me', { as: on.person('bo') })
  expect(me).toMatchObject({ secondFactor: false, memberships: [{ organisationId }] })
  expect(await on.call('jobs', 'list', { as: on.person('bo'), query: {} })).toEqual({ items: [] })
})

test('a token counts by the sign-in that it was made in, by hand and for a tool', async () => {
  const caller = async (secret: string): Promise<Caller | undefined> => {
    const { context } = await createAuthorizer(on.deps)({ headers: { authorization: `Bearer ${secret}` } })
    return fromContext(context)
  }
  const body = { name: 'script', scopes: ['studies:read' as const], days: 1 }
  const made = async (as: Caller): Promise<string> => (await on.call('access', 'createToken', { as, body })).secret
  const bySession = async (as: Caller): Promise<string> => {
    const started = await on.call('access', 'startDevice', { body: { name: 'cli', scopes: ['studies:read'] } })
    const { userCode, deviceSecret } = started
    await on.call('access', 'approveDevice', { as, params: { userCode }, body: { scopes: ['studies:read'], days: 1 } })
    return (await on.call('access', 'pollDevice', { body: { userCode, deviceSecret } })).secret
  }
  for (const way of [made, bySession]) {
    expect((await caller(await way(ada)))?.secondFactor).toBe(true)
    expect((await caller(await way(once)))?.secondFactor).toBeUndefined()
  }
  await demand(ada, true)
  expect((await read((await caller(await made(once)))!)).body).toMatchObject({ kind: 'second-factor-needed' })
})
