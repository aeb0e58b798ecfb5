import { beforeEach, expect, test } from 'vitest'
import type { Caller } from '../kernel/caller.ts'
import { keyOf, type MemberItem } from '../kernel/items.ts'
import { harness, type Harness } from '../kernel/testing.ts'
import { applyGroupRules } from './group-rules.ts'

let on: Harness
let organisationId: string
let ada: Caller
beforeEach(async () => {
  on = await harness()
  ;({ organisationId } = await on.organisation('Lab', {
    ada: ['admin', 'researcher'],
    bo: ['admin'],
    otto: ['auditor'],
  }))
  ada = on.person('ada')
})

const make = (group: string, role: 'analyst' | 'researcher' | 'checker', as = ada) =>
  on.call('access', 'makeGroupRule', { as, params: { organisationId }, body: { group, role } })
const arrives = (name: string, groups: string[]): Promise<void> =>
  applyGroupRules(on.deps, { userId: on.person(name).userId, groups })
const memberOf = (name: string): Promise<MemberItem | undefined> =>
  on.deps.table.get<MemberItem>(keyOf.member(organisationId, on.person(name).userId))
const rolesOf = async (name: string): Promise<string[] | undefined> => (await memberOf(name))?.roles
const acts = async (): Promise<[act: string, who: string][]> => {
  const { items } = await on.call('audit', 'events', { as: ada, params: { organisationId }, query: {} })
  return items.map(({ act, who }) => [act, who.kind] as [string, string]).reverse()
}

test('a group comes in, and goes again, by the chain', async () => {
  await make('lab', 'analyst')
  await make('lab', 'researcher')
  await arrives('mia', ['lab', 'other'])
  expect(await rolesOf('mia')).toEqual(['analyst', 'researcher'])
  await arrives('mia', ['lab'])
  await arrives('mia', ['other'])
  expect(await memberOf('mia')).toBeUndefined()
  expect((await acts()).slice(-4)).toEqual([
    ['group-rule.made', 'person'],
    ['group-rule.made', 'person'],
    ['member.joined', 'platform'],
    ['member.removed', 'platform'],
  ])
})

test('what was given by hand stays; what a rule gave goes when the rule goes', async () => {
  const { ruleId } = await make('audit', 'analyst')
  await arrives('otto', ['audit'])
  expect(await rolesOf('otto')).toEqual(['analyst', 'auditor'])
  await on.call('access', 'removeGroupRule', { as: ada, params: { organisationId, ruleId } })
  await arrives('otto', ['audit'])
  expect(await rolesOf('otto')).toEqual(['auditor'])
})

test('a rule counts for as long as who made it is an admin', async () => {
  await make('lab', 'checker', on.person('bo'))
  await arrives('mia', ['lab'])
  expect(await rolesOf('mia')).toEqual(['checker'])
  const bo = (await on.deps.table.get<MemberItem>(keyOf.member(organisationId, on.person('bo').userId)))!
  await on.call('access', 'setRoles', {
    as: ada,
    params: { organisationId, userId: bo.userId },
    body: { roles: ['auditor'], rev: (bo as { rev?: number }).rev! },
  })
  await arrives('mia', ['lab'])
  expect(await memberOf('mia')).toBeUndefined()
})

test('no rule makes an admin, or is made by somebody else, by a token or after an old sign-in', async () => {
  const asking = (as: Caller, role: string): Promise<{ status: number; body: unknown }> =>
    on.answer('access', 'makeGroupRule', { as, params: { organisationId }, body: { group: 'lab', role } as never })
  expect((await asking(ada, 'admin')).status).toBe(400)
  expect((await asking(on.person('otto'), 'analyst')).status).toBe(403)
  expect((await asking(on.person('ada', { loginSecondsAgo: 3600 }), 'analyst')).body).toMatchObject({
    kind: 'login-too-old',
  })
  expect((await asking(on.person('ada', { scopes: ['people:write'] }), 'analyst')).status).toBe(403)
})

test('the same rule is made once; the last admin by hand stays one whatever the campus says', async () => {
  const first = await make('lab', 'analyst')
  expect(await make('lab', 'analyst')).toEqual(first)
  const { items } = await on.call('access', 'groupRules', { as: ada, params: { organisationId }, query: {} })
  expect(items).toEqual([first])
  await arrives('ada', ['lab'])
  await arrives('ada', [])
  expect(await rolesOf('ada')).toEqual(['admin', 'researcher'])
})

test('two sign-ins at once come to one membership', async () => {
  await make('lab', 'analyst')
  await Promise.all([arrives('mia', ['lab']), arrives('mia', ['lab'])])
  expect(await rolesOf('mia')).toEqual(['analyst'])
})
