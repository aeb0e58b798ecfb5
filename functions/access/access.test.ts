import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { walk, emptyHead, type ChainEvent } from '../../domain/audit/chain.ts'
import { bounds } from '../../domain/bounds.ts'
import type { Letter } from '../../ports/mail.ts'
import { queryAll } from '../../ports/table.ts'
import { keyOf, type MemberItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { newUserCode } from './device.ts'
import { eventsIn } from '../kernel/testing/chain.ts'

let on: Harness
beforeAll(async () => {
  on = await harness()
})
afterAll(async () => {
  await on.close()
})

const chain = async (organisationId: string): Promise<ChainEvent[]> => {
  const all = await eventsIn(on.deps.table, organisationId)
  expect((await walk(emptyHead, all)).firstBreak).toBeUndefined()
  return all
}
const acts = async (organisationId: string): Promise<string[]> => (await chain(organisationId)).map((e) => e.act)
const requestId = '6fa2c9a4-3a0e-4b5e-9a55-0d6f6a3f1c01'
const founder = () => on.person('fay', { groups: ['founders'] })
const scopes = ['studies:read', 'runs:read'] as const

describe('organisations', () => {
  it('are founded by founders only, and a repeat answers the same one', async () => {
    expect(
      await on.refused('access', 'createOrganisation', { as: on.person('nobody'), body: { name: 'Lab', requestId } }),
    ).toMatchObject({ status: 403, kind: 'forbidden' })
    expect(
      await on.refused('access', 'createOrganisation', {
        as: on.person('fay', { groups: ['founders'], scopes: ['people:write'] }),
        body: { name: 'Lab', requestId },
      }),
    ).toMatchObject({ kind: 'forbidden' })
    const [first, ...others] = await Promise.all(
      Array.from({ length: 4 }, () =>
        on.call('access', 'createOrganisation', { as: founder(), body: { name: ' Lab ', requestId } }),
      ),
    )
    for (const other of others) expect(other).toEqual(first)
    expect(first).toMatchObject({ name: 'Lab', rev: 1 })
    expect((await on.call('access', 'me', { as: founder() })).memberships).toEqual([
      { organisationId: first!.organisationId, organisation: 'Lab', roles: ['admin'], since: first!.created },
    ])
    const held = await on.deps.table.get<{ kid: string }>(keyOf.organisation(first!.organisationId))
    expect((await on.deps.keys.publicKey(held!.kid)).jwk.kty).toBe('RSA')
  })
  it('do not give admin back to a founder who was removed and repeats the request', async () => {
    const again = { as: founder(), body: { name: 'Other', requestId: '6fa2c9a4-3a0e-4b5e-9a55-0d6f6a3f1c02' } }
    const { organisationId } = await on.call('access', 'createOrganisation', again)
    await on.deps.table.remove(keyOf.member(organisationId, 'user-fay'))
    expect(await on.refused('access', 'createOrganisation', again)).toMatchObject({ kind: 'forbidden' })
    expect(await on.deps.table.get(keyOf.member(organisationId, 'user-fay'))).toBeUndefined()
  })
  it('go on where a first attempt was interrupted', async () => {
    const input = { as: on.person('gil', { groups: ['founders'] }), body: { name: 'Half', requestId } }
    const { organisationId } = await on.call('access', 'createOrganisation', input)
    await on.deps.table.remove(keyOf.organisation(organisationId))
    expect((await on.call('access', 'me', { as: input.as })).memberships).toEqual([])
    expect((await on.call('access', 'createOrganisation', input)).organisationId).toBe(organisationId)
    expect(await acts(organisationId)).toEqual(['organisation.created'])
  })
  it('are renamed by admins, and an old rev is refused', async () => {
    const { organisationId } = await on.organisation('Before', { ada: ['admin'], rosa: ['researcher'] })
    const params = { organisationId }
    expect(
      await on.refused('access', 'renameOrganisation', { as: on.person('rosa'), params, body: { name: 'X', rev: 1 } }),
    ).toMatchObject({ status: 403, kind: 'forbidden' })
    expect(
      await on.call('access', 'renameOrganisation', { as: on.person('ada'), params, body: { name: 'After', rev: 1 } }),
    ).toMatchObject({ name: 'After', rev: 2 })
    expect(
      await on.refused('access', 'renameOrganisation', { as: on.person('ada'), params, body: { name: 'Y', rev: 1 } }),
    ).toMatchObject({ status: 409, kind: 'changed-meanwhile' })
    expect((await on.call('access', 'me', { as: on.person('rosa') })).memberships.at(-1)).toMatchObject({
      organisation: 'After',
    })
  })
  it('are nothing to a stranger', async () => {
    const { organisationId } = await on.organisation('Closed', { ada: ['admin'] })
    for (const organisation of [organisationId, 'org_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'])
      expect(
        await on.refused('access', 'organisation', { as: on.person('sam'), params: { organisationId: organisation } }),
      ).toMatchObject({ status: 404, kind: 'not-found' })
    expect(await on.refused('access', 'organisation', { params: { organisationId } })).toMatchObject({
      status: 401,
      kind: 'sign-in-required',
    })
  })
})

describe('roles', () => {
  const admins = async (organisationId: string): Promise<string[]> => {
    const found: string[] = []
    for await (const member of queryAll<MemberItem>(on.deps.table, `ORG#${organisationId}`, { prefix: 'MEMBER#' }))
      if (member.roles.includes('admin')) found.push(member.userId)
    return found
  }
  it('change at once, with an event before', async () => {
    const { organisationId } = await on.organisation('Roles', { ada: ['admin'], rosa: ['researcher'] })
    const params = { organisationId, userId: 'user-rosa' }
    expect(
      await on.call('access', 'setRoles', {
        as: on.person('ada'),
        params,
        body: { roles: ['checker', 'analyst', 'checker'], rev: 1 },
      }),
    ).toMatchObject({ roles: ['analyst', 'checker'], rev: 2, email: 'rosa@lab.example' })
    expect(
      await on.refused('access', 'setRoles', { as: on.person('ada'), params, body: { roles: ['auditor'], rev: 1 } }),
    ).toMatchObject({ kind: 'changed-meanwhile' })
    expect(
      await on.refused('access', 'setRoles', { as: on.person('rosa'), params, body: { roles: ['admin'], rev: 2 } }),
    ).toMatchObject({ kind: 'forbidden' })
    expect(await chain(organisationId)).toMatchObject([
      {
        act: 'member.roles-changed',
        object: 'person user-rosa',
        detail: { from: ['researcher'], to: ['analyst', 'checker'] },
        who: { kind: 'person', id: 'user-ada' },
      },
    ])
  })
  it('the last admin stays', async () => {
    const { organisationId } = await on.organisation('Last', { ada: ['admin'], rosa: ['researcher'] })
    const params = { organisationId, userId: 'user-ada' }
    expect(
      await on.refused('access', 'setRoles', { as: on.person('ada'), params, body: { roles: ['auditor'], rev: 1 } }),
    ).toMatchObject({ status: 409, kind: 'last-admin' })
    expect(await on.refused('access', 'removeMember', { as: on.person('ada'), params })).toMatchObject({
      status: 409,
      kind: 'last-admin',
    })
    expect(await acts(organisationId)).toEqual([])
    await on.call('access', 'setRoles', {
      as: on.person('ada'),
      params: { organisationId, userId: 'user-rosa' },
      body: { roles: ['admin', 'researcher'], rev: 1 },
    })
    await on.call('access', 'removeMember', { as: on.person('rosa'), params })
    expect(
      await on.refused('access', 'organisation', { as: on.person('ada'), params: { organisationId } }),
    ).toMatchObject({ kind: 'not-found' })
    expect(await admins(organisationId)).toEqual(['user-rosa'])
  })
  it('the last admin stays when all admins remove each other at once', async () => {
    for (let round = 0; round < 3; round++) {
      const names = ['a', 'b', 'c', 'd', 'e']
      const { organisationId } = await on.organisation(
        'Race',
        Object.fromEntries(names.map((n) => [n, ['admin' as const]])),
      )
      const all = await Promise.all(
        names.map((name, index) => {
          const params = { organisationId, userId: `user-${names[(index + 1) % names.length]}` }
          return index % 2
            ? on.answer('access', 'removeMember', { as: on.person(name), params })
            : on.answer('access', 'setRoles', { as: on.person(name), params, body: { roles: ['auditor'], rev: 1 } })
        }),
      )
      for (const response of all) expect([200, 204, 403, 404, 409]).toContain(response.status)
      const left = await admins(organisationId)
      expect(left.length).toBeGreaterThanOrEqual(1)
      // Each change that was made is in the chain, and each in the chain was made.
      expect(await acts(organisationId)).toHaveLength(all.filter((r) => r.status < 300).length)
      expect(left).toHaveLength(5 - all.filter((r) => r.status < 300).length)
    }
  })
  it('a change that a crash left recorded is finished by the next one', async () => {
    const { organisationId } = await on.organisation('Crash', { ada: ['admin'], ben: ['admin'], cleo: ['custodian'] })
    await on.deps.table.create({
      pk: `ORG#${organisationId}`,
      sk: 'PEOPLE',
      state: 'recorded',
      change: { userId: 'user-ben', rev: 1, roles: ['auditor'] },
    })
    expect(
      await on.refused('access', 'removeMember', {
        as: on.person('ada'),
        params: { organisationId, userId: 'user-ada' },
      }),
    ).toMatchObject({ kind: 'last-admin' })
    expect(await admins(organisationId)).toEqual(['user-ada'])
  })
  it('a change that a crash left unrecorded is dropped after a while', async () => {
    const { organisationId } = await on.organisation('Crash2', { ada: ['admin'], ben: ['admin'] })
    await on.deps.table.create({
      pk: `ORG#${organisationId}`,
      sk: 'PEOPLE',
      state: 'taken',
      until: new Date(on.clock.now().getTime() + 1000).toISOString(),
      change: { userId: 'user-ben', rev: 1, roles: ['auditor'] },
    })
    on.clock.advance(2)
    await on.call('access', 'removeMember', { as: on.person('ben'), params: { organisationId, userId: 'user-ada' } })
    expect(await admins(organisationId)).toEqual(['user-ben'])
  })
  it('a change that a clock ahead of its time has taken holds up nobody', async () => {
    const { organisationId } = await on.organisation('Ahead', { ada: ['admin'], ben: ['admin'] })
    await on.deps.table.create({
      ...keyOf.roleChange(organisationId),
      state: 'taken',
      until: new Date(on.clock.now().getTime() + 86_400_000).toISOString(),
      change: { userId: 'user-ben', rev: 1, roles: ['auditor'] },
    })
    await on.call('access', 'removeMember', { as: on.person('ben'), params: { organisationId, userId: 'user-ada' } })
    expect(await admins(organisationId)).toEqual(['user-ben'])
  })
  it('rights on studies end with the membership and do not come back with it', async () => {
    const { organisationId } = await on.organisation('Rights', { ada: ['admin'], rosa: ['researcher'] })
    const studyId = 'std_aaaaaaaaaaaaaaaaaaaa'
    await on.deps.table.create({
      ...keyOf.studyPerson(studyId, 'user-rosa'),
      gpk: 'USER#user-rosa',
      gsk: `STUDY#${studyId}`,
      studyId,
      organisationId,
      userId: 'user-rosa',
      rights: ['open'],
      since: '',
    })
    await on.call('access', 'removeMember', { as: on.person('ada'), params: { organisationId, userId: 'user-rosa' } })
    expect(await on.deps.table.get(keyOf.studyPerson(studyId, 'user-rosa'))).toBeUndefined()
  })
  it('members are listed in pages, and a foreign page marker is refused', async () => {
    const { organisationId } = await on.organisation('Pages', { ada: ['admin'], ben: ['analyst'], cleo: ['custodian'] })
    const first = await on.call('access', 'members', {
      as: on.person('ben'),
      params: { organisationId },
      query: { limit: 2 },
    })
    const rest = await on.call('access', 'members', {
      as: on.person('ben'),
      params: { organisationId },
      query: { limit: 2, after: first.next },
    })
    expect([...first.items, ...rest.items].map((m) => m.name)).toEqual(['Ada', 'Ben', 'Cleo'])
    expect(
      await on.refused('access', 'members', {
        as: on.person('ben'),
        params: { organisationId },
        query: { after: 'nonsense' },
      }),
    ).toMatchObject({ status: 400, kind: 'invalid-request' })
  })
})

describe('invitations', () => {
  it('go by mail where there is a mail port; one that cannot be handed over is made all the same', async () => {
    const letters: Letter[] = []
    let isDown = false
    const mailing = await harness({
      mail: {
        send: async (letter) => {
          if (isDown) throw new Error('no server')
          letters.push(letter)
        },
      },
    })
    const { organisationId } = await mailing.organisation('Inviting', { ada: ['admin'] })
    const invite = () =>
      mailing.call('access', 'invite', {
        as: mailing.person('ada'),
        params: { organisationId },
        body: { email: 'new@lab.example', roles: ['analyst'] },
      })
    const made = await invite()
    expect(made.mailed).toBe(true)
    expect(letters).toMatchObject([{ to: 'new@lab.example', subject: 'You are invited to Cloister' }])
    expect(letters[0]!.text).toContain(`\n${made.link}\n`)
    isDown = true
    expect((await invite()).mailed).toBe(false)
    expect(JSON.stringify(mailing.logs)).not.toContain('new@lab')
    await mailing.close()
  })
  const invited = async (): Promise<{ organisationId: string; token: string; invitationId: string }> => {
    const { organisationId } = await on.organisation('Inviting', { ada: ['admin'], rosa: ['researcher'] })
    const made = await on.call('access', 'invite', {
      as: on.person('ada'),
      params: { organisationId },
      body: { email: 'new@lab.example', roles: ['analyst'] },
    })
    expect(made.mailed).toBe(false)
    expect(made.link.startsWith('http://127.0.0.1:4680/join#')).toBe(true)
    return { organisationId, token: made.link.split('#')[1]!, invitationId: made.invitationId }
  }
  it('work once, and a repeat by the same person answers the same', async () => {
    const { organisationId, token } = await invited()
    const joined = await on.call('access', 'acceptInvitation', { as: on.person('nia'), body: { invitation: token } })
    expect(joined).toMatchObject({ organisationId, organisation: 'Inviting', roles: ['analyst'] })
    expect(await on.call('access', 'acceptInvitation', { as: on.person('nia'), body: { invitation: token } })).toEqual(
      joined,
    )
    expect(
      await on.refused('access', 'acceptInvitation', { as: on.person('eve'), body: { invitation: token } }),
    ).toMatchObject({ status: 404 })
    expect(await acts(organisationId)).toEqual(['member.invited', 'member.joined'])
    expect(
      (await on.call('access', 'invitations', { as: on.person('ada'), params: { organisationId } })).items,
    ).toEqual([])
  })
  it('bring nobody back who was removed', async () => {
    const { organisationId, token } = await invited()
    await on.call('access', 'acceptInvitation', { as: on.person('nia'), body: { invitation: token } })
    await on.call('access', 'removeMember', { as: on.person('ada'), params: { organisationId, userId: 'user-nia' } })
    expect(
      await on.refused('access', 'acceptInvitation', { as: on.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ status: 404 })
  })
  it('let one of ten in when ten try at once', async () => {
    const { organisationId, token } = await invited()
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        on.answer('access', 'acceptInvitation', { as: on.person(`racer${i}`), body: { invitation: token } }),
      ),
    )
    expect(all.filter((r) => r.status === 200)).toHaveLength(1)
    expect(
      (await on.call('access', 'members', { as: on.person('ada'), params: { organisationId } })).items,
    ).toHaveLength(3)
  })
  it('expire after seven days', async () => {
    const { token } = await invited()
    on.clock.advance(7 * 86_400)
    expect(
      await on.refused('access', 'acceptInvitation', { as: on.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ status: 410, kind: 'invitation-expired' })
  })
  it('can be taken back, by an admin of their own organisation', async () => {
    const { organisationId, token, invitationId } = await invited()
    const other = await on.organisation('Other', { sam: ['admin'] })
    expect(
      await on.refused('access', 'revokeInvitation', {
        as: on.person('sam'),
        params: { organisationId: other.organisationId, invitationId },
      }),
    ).toMatchObject({ status: 404 })
    expect(
      (await on.call('access', 'invitations', { as: on.person('ada'), params: { organisationId } })).items,
    ).toMatchObject([{ invitationId, email: 'new@lab.example' }])
    await on.call('access', 'revokeInvitation', { as: on.person('ada'), params: { organisationId, invitationId } })
    expect(
      await on.refused('access', 'acceptInvitation', { as: on.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ status: 404 })
    expect(await acts(organisationId)).toEqual(['member.invited', 'invitation.revoked'])
  })
  it('are left for whom they were meant when a member opens them, and are not for tokens', async () => {
    const { token } = await invited()
    expect(
      await on.call('access', 'acceptInvitation', { as: on.person('rosa'), body: { invitation: token } }),
    ).toMatchObject({ roles: ['researcher'] })
    expect(
      await on.refused('access', 'acceptInvitation', {
        as: on.person('nia', { scopes: [...scopes] }),
        body: { invitation: token },
      }),
    ).toMatchObject({ status: 403 })
    expect(
      await on.call('access', 'acceptInvitation', { as: on.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ roles: ['analyst'] })
  })
  it('leave no secret in the table', async () => {
    const { token, invitationId } = await invited()
    expect(JSON.stringify(await on.deps.table.get(keyOf.invitation(invitationId)))).not.toContain(token)
  })
})

describe('tokens', () => {
  it('are made by people, listed without secrets, revoked by their owner, and every organisation knows', async () => {
    const first = await on.organisation('A', { tom: ['admin'] })
    const second = await on.organisation('B', { tom: ['analyst'] })
    expect(
      await on.refused('access', 'createToken', {
        as: on.person('tom', { scopes: [...scopes] }),
        body: { name: 'x', scopes: [...scopes] },
      }),
    ).toMatchObject({ status: 403 })
    const made = await on.call('access', 'createToken', {
      as: on.person('tom'),
      body: { name: 'script', scopes: ['runs:read', 'runs:read'], days: 30 },
    })
    expect(made.secret).toMatch(new RegExp(`^clo_${made.tokenId.slice(4)}_[A-Za-z0-9_-]{43}$`))
    expect(made).toMatchObject({
      scopes: ['runs:read'],
      madeBy: 'portal',
      expires: new Date(on.clock.now().getTime() + 30 * 86_400_000).toISOString(),
    })
    const listed = await on.call('access', 'tokens', { as: on.person('tom') })
    expect(listed.items.map((t) => t.tokenId)).toEqual([made.tokenId])
    expect(JSON.stringify([listed, await on.deps.table.get(keyOf.token(made.tokenId))])).not.toContain(
      made.secret.slice(-43),
    )
    expect(
      await on.refused('access', 'revokeToken', { as: on.person('eve'), params: { tokenId: made.tokenId } }),
    ).toMatchObject({ status: 404 })
    expect(
      await on.refused('access', 'revokeToken', {
        as: on.person('tom', { scopes: [...scopes] }),
        params: { tokenId: made.tokenId },
      }),
    ).toMatchObject({ status: 404 })
    await on.call('access', 'revokeToken', { as: on.person('tom'), params: { tokenId: made.tokenId } })
    expect((await on.call('access', 'tokens', { as: on.person('tom') })).items).toEqual([])
    for (const organisation of [first, second])
      expect(await acts(organisation.organisationId)).toEqual(['token.created', 'token.revoked'])
  })
})

describe('device sign-ins', () => {
  const begin = () => on.answer('access', 'startDevice', { body: { name: 'tool', scopes: ['studies:read'] } })
  const span = (): string => String(Math.floor(on.clock.now().getTime() / 600_000))
  const network = createHash('sha256').update('127.0.0.1').digest('hex').slice(0, 6)
  it.each([
    ['one network', network, bounds.device.fromOneNetwork],
    ['all together', 'all', bounds.device.inAll],
  ])('of %s are bounded, and say the bound', async (_, from, most) => {
    on.clock.advance(1200)
    expect((await begin()).status).toBe(201)
    const key = keyOf.deviceStarts(span(), from)
    expect(await on.deps.table.get(key)).toMatchObject({ count: 1 })
    await on.deps.table.update(key, { set: { count: most - 3 } })
    const all = await Promise.all(Array.from({ length: 8 }, begin))
    expect(all.filter(({ status }) => status === 201)).toHaveLength(3)
    const refused = all.find(({ status }) => status !== 201)!
    expect(refused).toMatchObject({ status: 429, body: { kind: 'too-many-at-once' } })
    expect((refused.body as { detail: string }).detail).toContain(String(most))
    on.clock.advance(600)
    expect((await begin()).status).toBe(201)
  })
})

describe('device sign-in', () => {
  const begin = () =>
    on.call('access', 'startDevice', {
      body: { name: 'cloister on laptop', scopes: ['studies:read', 'studies:write'] },
    })
  it('gives one token, the same however often it is asked for', async () => {
    const { organisationId } = await on.organisation('Dev', { dee: ['researcher'] })
    const device = await begin()
    expect(device.userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    const poll = { body: { userCode: device.userCode, deviceSecret: device.deviceSecret } }
    expect(await on.refused('access', 'pollDevice', poll)).toMatchObject({ status: 409, kind: 'device-pending' })
    expect(
      await on.call('access', 'device', {
        as: on.person('dee'),
        params: { userCode: device.userCode.toLowerCase().replace('-', ' ') },
      }),
    ).toMatchObject({ name: 'cloister on laptop', state: 'pending' })
    const dee = on.person('dee', { loginSecondsAgo: 100 })
    expect(
      await on.refused('access', 'approveDevice', {
        as: dee,
        params: { userCode: device.userCode },
        body: { scopes: ['runs:open'] },
      }),
    ).toMatchObject({ status: 400 })
    await on.call('access', 'approveDevice', {
      as: dee,
      params: { userCode: device.userCode },
      body: { scopes: ['studies:read'], days: 7 },
    })
    expect(
      await on.refused('access', 'approveDevice', {
        as: on.person('eve'),
        params: { userCode: device.userCode },
        body: { scopes: ['studies:read'] },
      }),
    ).toMatchObject({ status: 409, kind: 'wrong-state' })
    expect(
      await on.refused('access', 'pollDevice', { body: { userCode: device.userCode, deviceSecret: 'guess' } }),
    ).toMatchObject({ status: 404 })
    const all = await Promise.all(Array.from({ length: 10 }, () => on.answer('access', 'pollDevice', poll)))
    const got = [
      ...all.filter((r) => r.status === 200).map((r) => (r.body as { secret: string }).secret),
      (await on.call('access', 'pollDevice', poll)).secret,
    ]
    expect(new Set(got).size).toBe(1)
    expect(got.length).toBeGreaterThanOrEqual(2)
    for (const response of all) expect([200, 409, 410]).toContain(response.status)
    const listed = (await on.call('access', 'tokens', { as: dee })).items
    expect(listed).toMatchObject([{ scopes: ['studies:read'], madeBy: 'device', name: 'cloister on laptop' }])
    expect((await on.deps.table.get<{ loginAt: number }>(keyOf.token(listed[0]!.tokenId)))!.loginAt).toBe(dee.loginAt)
    expect(await acts(organisationId)).toEqual(['token.created'])
    await on.call('access', 'revokeToken', { as: dee, params: { tokenId: listed[0]!.tokenId } })
    expect(await on.refused('access', 'pollDevice', poll)).toMatchObject({ kind: 'device-expired' })
    expect((await on.call('access', 'tokens', { as: dee })).items).toEqual([])
  })
  it('expires after ten minutes, approved or not', async () => {
    const device = await begin()
    on.clock.advance(600)
    expect(
      await on.refused('access', 'device', { as: on.person('dee'), params: { userCode: device.userCode } }),
    ).toMatchObject({ status: 410, kind: 'device-expired' })
    expect(
      await on.refused('access', 'approveDevice', {
        as: on.person('dee'),
        params: { userCode: device.userCode },
        body: { scopes: ['studies:read'] },
      }),
    ).toMatchObject({ status: 410 })
    expect(
      await on.refused('access', 'pollDevice', {
        body: { userCode: device.userCode, deviceSecret: device.deviceSecret },
      }),
    ).toMatchObject({ status: 410 })
  })
  it('is approved by a person, not by a token', async () => {
    const device = await begin()
    expect(
      await on.refused('access', 'approveDevice', {
        as: on.person('dee', { scopes: ['studies:write'] }),
        params: { userCode: device.userCode },
        body: { scopes: ['studies:read'] },
      }),
    ).toMatchObject({ status: 403 })
    for (const userCode of ['XXXX-XXXX', '../../x', 'ä', '%'])
      expect(await on.refused('access', 'device', { as: on.person('dee'), params: { userCode } })).toMatchObject({
        status: 404,
      })
  })
  it('draws codes evenly from the alphabet', () => {
    const counts = new Map<string, number>()
    let drawn = 0
    const random = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => drawn++ % 256)
    for (let i = 0; i < 3000; i++)
      for (const character of newUserCode({ random }).replace('-', ''))
        counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(counts.size).toBe(20)
    expect(Math.max(...counts.values()) / Math.min(...counts.values())).toBeLessThan(1.1)
  })
})
