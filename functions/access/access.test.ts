import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { walk, emptyHead, type ChainEvent } from '../../domain/audit/chain.ts'
import { queryAll } from '../../ports/table.ts'
import { keyOf, type MemberItem } from '../kernel/items.ts'
import { type Harness, harness } from '../kernel/testing.ts'
import { newUserCode } from './device.ts'

let h: Harness
beforeAll(async () => {
  h = await harness()
})
afterAll(async () => {
  await h.close()
})

const chain = async (organisationId: string): Promise<ChainEvent[]> => {
  const all: ChainEvent[] = []
  for await (const event of queryAll<ChainEvent>(h.deps.table, `AUDIT#${organisationId}`)) all.push(event)
  expect((await walk(emptyHead, all)).firstBreak).toBeUndefined()
  return all
}
const acts = async (organisationId: string): Promise<string[]> => (await chain(organisationId)).map((e) => e.act)
const requestId = '6fa2c9a4-3a0e-4b5e-9a55-0d6f6a3f1c01'
const founder = () => h.person('fay', { groups: ['founders'] })
const scopes = ['studies:read', 'runs:read'] as const

describe('organisations', () => {
  it('are founded by founders only, and a repeat answers the same one', async () => {
    expect(
      await h.refused('access', 'createOrganisation', { as: h.person('nobody'), body: { name: 'Lab', requestId } }),
    ).toMatchObject({ status: 403, kind: 'forbidden' })
    expect(
      await h.refused('access', 'createOrganisation', {
        as: h.person('fay', { groups: ['founders'], scopes: ['people:write'] }),
        body: { name: 'Lab', requestId },
      }),
    ).toMatchObject({ kind: 'forbidden' })
    const [first, ...others] = await Promise.all(
      Array.from({ length: 4 }, () =>
        h.call('access', 'createOrganisation', { as: founder(), body: { name: ' Lab ', requestId } }),
      ),
    )
    for (const o of others) expect(o).toEqual(first)
    expect(first).toMatchObject({ name: 'Lab', rev: 1 })
    expect((await h.call('access', 'me', { as: founder() })).memberships).toEqual([
      { organisationId: first!.organisationId, organisation: 'Lab', roles: ['admin'], since: first!.created },
    ])
    const held = await h.deps.table.get<{ kid: string }>(keyOf.organisation(first!.organisationId))
    expect((await h.deps.keys.publicKey(held!.kid)).jwk.kty).toBe('RSA')
  })
  it('do not give admin back to a founder who was removed and repeats the request', async () => {
    const again = { as: founder(), body: { name: 'Other', requestId: '6fa2c9a4-3a0e-4b5e-9a55-0d6f6a3f1c02' } }
    const { organisationId } = await h.call('access', 'createOrganisation', again)
    await h.deps.table.remove(keyOf.member(organisationId, 'user-fay'))
    expect(await h.refused('access', 'createOrganisation', again)).toMatchObject({ kind: 'forbidden' })
    expect(await h.deps.table.get(keyOf.member(organisationId, 'user-fay'))).toBeUndefined()
  })
  it('go on where a first attempt was interrupted', async () => {
    const input = { as: h.person('gil', { groups: ['founders'] }), body: { name: 'Half', requestId } }
    const { organisationId } = await h.call('access', 'createOrganisation', input)
    await h.deps.table.remove(keyOf.organisation(organisationId))
    expect((await h.call('access', 'me', { as: input.as })).memberships).toEqual([])
    expect((await h.call('access', 'createOrganisation', input)).organisationId).toBe(organisationId)
    expect(await acts(organisationId)).toEqual(['organisation.created'])
  })
  it('are renamed by admins, and an old rev is refused', async () => {
    const { organisationId } = await h.organisation('Before', { ada: ['admin'], rosa: ['researcher'] })
    const params = { organisationId }
    expect(
      await h.refused('access', 'renameOrganisation', { as: h.person('rosa'), params, body: { name: 'X', rev: 1 } }),
    ).toMatchObject({ status: 403, kind: 'forbidden' })
    expect(
      await h.call('access', 'renameOrganisation', { as: h.person('ada'), params, body: { name: 'After', rev: 1 } }),
    ).toMatchObject({ name: 'After', rev: 2 })
    expect(
      await h.refused('access', 'renameOrganisation', { as: h.person('ada'), params, body: { name: 'Y', rev: 1 } }),
    ).toMatchObject({ status: 409, kind: 'changed-meanwhile' })
    expect((await h.call('access', 'me', { as: h.person('rosa') })).memberships.at(-1)).toMatchObject({
      organisation: 'After',
    })
  })
  it('are nothing to a stranger', async () => {
    const { organisationId } = await h.organisation('Closed', { ada: ['admin'] })
    for (const organisation of [organisationId, 'org_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'])
      expect(
        await h.refused('access', 'organisation', { as: h.person('sam'), params: { organisationId: organisation } }),
      ).toMatchObject({ status: 404, kind: 'not-found' })
    expect(await h.refused('access', 'organisation', { params: { organisationId } })).toMatchObject({
      status: 401,
      kind: 'sign-in-required',
    })
  })
})

describe('roles', () => {
  const admins = async (organisationId: string): Promise<string[]> => {
    const found: string[] = []
    for await (const member of queryAll<MemberItem>(h.deps.table, `ORG#${organisationId}`, { prefix: 'MEMBER#' }))
      if (member.roles.includes('admin')) found.push(member.userId)
    return found
  }
  it('change at once, with an event before', async () => {
    const { organisationId } = await h.organisation('Roles', { ada: ['admin'], rosa: ['researcher'] })
    const params = { organisationId, userId: 'user-rosa' }
    expect(
      await h.call('access', 'setRoles', {
        as: h.person('ada'),
        params,
        body: { roles: ['checker', 'analyst', 'checker'], rev: 1 },
      }),
    ).toMatchObject({ roles: ['analyst', 'checker'], rev: 2, email: 'rosa@lab.example' })
    expect(
      await h.refused('access', 'setRoles', { as: h.person('ada'), params, body: { roles: ['auditor'], rev: 1 } }),
    ).toMatchObject({ kind: 'changed-meanwhile' })
    expect(
      await h.refused('access', 'setRoles', { as: h.person('rosa'), params, body: { roles: ['admin'], rev: 2 } }),
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
    const { organisationId } = await h.organisation('Last', { ada: ['admin'], rosa: ['researcher'] })
    const params = { organisationId, userId: 'user-ada' }
    expect(
      await h.refused('access', 'setRoles', { as: h.person('ada'), params, body: { roles: ['auditor'], rev: 1 } }),
    ).toMatchObject({ status: 409, kind: 'last-admin' })
    expect(await h.refused('access', 'removeMember', { as: h.person('ada'), params })).toMatchObject({
      status: 409,
      kind: 'last-admin',
    })
    expect(await acts(organisationId)).toEqual([])
    await h.call('access', 'setRoles', {
      as: h.person('ada'),
      params: { organisationId, userId: 'user-rosa' },
      body: { roles: ['admin', 'researcher'], rev: 1 },
    })
    await h.call('access', 'removeMember', { as: h.person('rosa'), params })
    expect(
      await h.refused('access', 'organisation', { as: h.person('ada'), params: { organisationId } }),
    ).toMatchObject({ kind: 'not-found' })
    expect(await admins(organisationId)).toEqual(['user-rosa'])
  })
  it('the last admin stays when all admins remove each other at once', async () => {
    for (let round = 0; round < 3; round++) {
      const names = ['a', 'b', 'c', 'd', 'e']
      const { organisationId } = await h.organisation(
        'Race',
        Object.fromEntries(names.map((n) => [n, ['admin' as const]])),
      )
      const all = await Promise.all(
        names.map((n, i) => {
          const params = { organisationId, userId: `user-${names[(i + 1) % names.length]}` }
          return i % 2
            ? h.answer('access', 'removeMember', { as: h.person(n), params })
            : h.answer('access', 'setRoles', { as: h.person(n), params, body: { roles: ['auditor'], rev: 1 } })
        }),
      )
      for (const r of all) expect([200, 204, 403, 404, 409]).toContain(r.status)
      const left = await admins(organisationId)
      expect(left.length).toBeGreaterThanOrEqual(1)
      // Each change that was made is in the chain, and each in the chain was made.
      expect(await acts(organisationId)).toHaveLength(all.filter((r) => r.status < 300).length)
      expect(left).toHaveLength(5 - all.filter((r) => r.status < 300).length)
    }
  })
  it('a change that a crash left recorded is finished by the next one', async () => {
    const { organisationId } = await h.organisation('Crash', { ada: ['admin'], ben: ['admin'], cleo: ['custodian'] })
    await h.deps.table.create({
      pk: `ORG#${organisationId}`,
      sk: 'PEOPLE',
      state: 'recorded',
      change: { userId: 'user-ben', rev: 1, roles: ['auditor'] },
    })
    expect(
      await h.refused('access', 'removeMember', {
        as: h.person('ada'),
        params: { organisationId, userId: 'user-ada' },
      }),
    ).toMatchObject({ kind: 'last-admin' })
    expect(await admins(organisationId)).toEqual(['user-ada'])
  })
  it('a change that a crash left unrecorded is dropped after a while', async () => {
    const { organisationId } = await h.organisation('Crash2', { ada: ['admin'], ben: ['admin'] })
    await h.deps.table.create({
      pk: `ORG#${organisationId}`,
      sk: 'PEOPLE',
      state: 'taken',
      until: new Date(h.clock.now().getTime() + 1000).toISOString(),
      change: { userId: 'user-ben', rev: 1, roles: ['auditor'] },
    })
    h.clock.advance(2)
    await h.call('access', 'removeMember', { as: h.person('ben'), params: { organisationId, userId: 'user-ada' } })
    expect(await admins(organisationId)).toEqual(['user-ben'])
  })
  it('rights on studies end with the membership and do not come back with it', async () => {
    const { organisationId } = await h.organisation('Rights', { ada: ['admin'], rosa: ['researcher'] })
    const studyId = 'std_aaaaaaaaaaaaaaaaaaaa'
    await h.deps.table.create({
      ...keyOf.studyPerson(studyId, 'user-rosa'),
      gpk: 'USER#user-rosa',
      gsk: `STUDY#${studyId}`,
      studyId,
      organisationId,
      userId: 'user-rosa',
      rights: ['open'],
      since: '',
    })
    await h.call('access', 'removeMember', { as: h.person('ada'), params: { organisationId, userId: 'user-rosa' } })
    expect(await h.deps.table.get(keyOf.studyPerson(studyId, 'user-rosa'))).toBeUndefined()
  })
  it('members are listed in pages, and a foreign page marker is refused', async () => {
    const { organisationId } = await h.organisation('Pages', { ada: ['admin'], ben: ['analyst'], cleo: ['custodian'] })
    const first = await h.call('access', 'members', {
      as: h.person('ben'),
      params: { organisationId },
      query: { limit: 2 },
    })
    const rest = await h.call('access', 'members', {
      as: h.person('ben'),
      params: { organisationId },
      query: { limit: 2, after: first.next },
    })
    expect([...first.items, ...rest.items].map((m) => m.name)).toEqual(['Ada', 'Ben', 'Cleo'])
    expect(
      await h.refused('access', 'members', {
        as: h.person('ben'),
        params: { organisationId },
        query: { after: 'nonsense' },
      }),
    ).toMatchObject({ status: 400, kind: 'invalid-request' })
  })
})

describe('invitations', () => {
  const invited = async (): Promise<{ organisationId: string; token: string; invitationId: string }> => {
    const { organisationId } = await h.organisation('Inviting', { ada: ['admin'], rosa: ['researcher'] })
    const made = await h.call('access', 'invite', {
      as: h.person('ada'),
      params: { organisationId },
      body: { email: 'new@lab.example', roles: ['analyst'] },
    })
    expect(made.link.startsWith('http://127.0.0.1:4680/join#')).toBe(true)
    return { organisationId, token: made.link.split('#')[1]!, invitationId: made.invitationId }
  }
  it('work once, and a repeat by the same person answers the same', async () => {
    const { organisationId, token } = await invited()
    const joined = await h.call('access', 'acceptInvitation', { as: h.person('nia'), body: { invitation: token } })
    expect(joined).toMatchObject({ organisationId, organisation: 'Inviting', roles: ['analyst'] })
    expect(await h.call('access', 'acceptInvitation', { as: h.person('nia'), body: { invitation: token } })).toEqual(
      joined,
    )
    expect(
      await h.refused('access', 'acceptInvitation', { as: h.person('eve'), body: { invitation: token } }),
    ).toMatchObject({ status: 404 })
    expect(await acts(organisationId)).toEqual(['member.invited', 'member.joined'])
    expect((await h.call('access', 'invitations', { as: h.person('ada'), params: { organisationId } })).items).toEqual(
      [],
    )
  })
  it('bring nobody back who was removed', async () => {
    const { organisationId, token } = await invited()
    await h.call('access', 'acceptInvitation', { as: h.person('nia'), body: { invitation: token } })
    await h.call('access', 'removeMember', { as: h.person('ada'), params: { organisationId, userId: 'user-nia' } })
    expect(
      await h.refused('access', 'acceptInvitation', { as: h.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ status: 404 })
  })
  it('let one of ten in when ten try at once', async () => {
    const { organisationId, token } = await invited()
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        h.answer('access', 'acceptInvitation', { as: h.person(`racer${i}`), body: { invitation: token } }),
      ),
    )
    expect(all.filter((r) => r.status === 200)).toHaveLength(1)
    expect((await h.call('access', 'members', { as: h.person('ada'), params: { organisationId } })).items).toHaveLength(
      3,
    )
  })
  it('expire after seven days', async () => {
    const { token } = await invited()
    h.clock.advance(7 * 86_400)
    expect(
      await h.refused('access', 'acceptInvitation', { as: h.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ status: 410, kind: 'invitation-expired' })
  })
  it('can be taken back, by an admin of their own organisation', async () => {
    const { organisationId, token, invitationId } = await invited()
    const other = await h.organisation('Other', { sam: ['admin'] })
    expect(
      await h.refused('access', 'revokeInvitation', {
        as: h.person('sam'),
        params: { organisationId: other.organisationId, invitationId },
      }),
    ).toMatchObject({ status: 404 })
    expect(
      (await h.call('access', 'invitations', { as: h.person('ada'), params: { organisationId } })).items,
    ).toMatchObject([{ invitationId, email: 'new@lab.example' }])
    await h.call('access', 'revokeInvitation', { as: h.person('ada'), params: { organisationId, invitationId } })
    expect(
      await h.refused('access', 'acceptInvitation', { as: h.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ status: 404 })
    expect(await acts(organisationId)).toEqual(['member.invited', 'invitation.revoked'])
  })
  it('are left for whom they were meant when a member opens them, and are not for tokens', async () => {
    const { token } = await invited()
    expect(
      await h.call('access', 'acceptInvitation', { as: h.person('rosa'), body: { invitation: token } }),
    ).toMatchObject({ roles: ['researcher'] })
    expect(
      await h.refused('access', 'acceptInvitation', {
        as: h.person('nia', { scopes: [...scopes] }),
        body: { invitation: token },
      }),
    ).toMatchObject({ status: 403 })
    expect(
      await h.call('access', 'acceptInvitation', { as: h.person('nia'), body: { invitation: token } }),
    ).toMatchObject({ roles: ['analyst'] })
  })
  it('leave no secret in the table', async () => {
    const { token, invitationId } = await invited()
    expect(JSON.stringify(await h.deps.table.get(keyOf.invitation(invitationId)))).not.toContain(token)
  })
})

describe('tokens', () => {
  it('are made by people, listed without secrets, revoked by their owner, and every organisation knows', async () => {
    const a = await h.organisation('A', { tom: ['admin'] })
    const b = await h.organisation('B', { tom: ['analyst'] })
    expect(
      await h.refused('access', 'createToken', {
        as: h.person('tom', { scopes: [...scopes] }),
        body: { name: 'x', scopes: [...scopes] },
      }),
    ).toMatchObject({ status: 403 })
    const made = await h.call('access', 'createToken', {
      as: h.person('tom'),
      body: { name: 'script', scopes: ['runs:read', 'runs:read'], days: 30 },
    })
    expect(made.secret).toMatch(new RegExp(`^clo_${made.tokenId.slice(4)}_[A-Za-z0-9_-]{43}$`))
    expect(made).toMatchObject({
      scopes: ['runs:read'],
      madeBy: 'portal',
      expires: new Date(h.clock.now().getTime() + 30 * 86_400_000).toISOString(),
    })
    const listed = await h.call('access', 'tokens', { as: h.person('tom') })
    expect(listed.items.map((t) => t.tokenId)).toEqual([made.tokenId])
    expect(JSON.stringify([listed, await h.deps.table.get(keyOf.token(made.tokenId))])).not.toContain(
      made.secret.slice(-43),
    )
    expect(
      await h.refused('access', 'revokeToken', { as: h.person('eve'), params: { tokenId: made.tokenId } }),
    ).toMatchObject({ status: 404 })
    expect(
      await h.refused('access', 'revokeToken', {
        as: h.person('tom', { scopes: [...scopes] }),
        params: { tokenId: made.tokenId },
      }),
    ).toMatchObject({ status: 404 })
    await h.call('access', 'revokeToken', { as: h.person('tom'), params: { tokenId: made.tokenId } })
    expect((await h.call('access', 'tokens', { as: h.person('tom') })).items).toEqual([])
    for (const o of [a, b]) expect(await acts(o.organisationId)).toEqual(['token.created', 'token.revoked'])
  })
})

describe('device sign-in', () => {
  const begin = () =>
    h.call('access', 'startDevice', { body: { name: 'cloister on laptop', scopes: ['studies:read', 'studies:write'] } })
  it('gives one token, the same however often it is asked for', async () => {
    const { organisationId } = await h.organisation('Dev', { dee: ['researcher'] })
    const d = await begin()
    expect(d.userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
    const poll = { body: { userCode: d.userCode, deviceSecret: d.deviceSecret } }
    expect(await h.refused('access', 'pollDevice', poll)).toMatchObject({ status: 409, kind: 'device-pending' })
    expect(
      await h.call('access', 'device', {
        as: h.person('dee'),
        params: { userCode: d.userCode.toLowerCase().replace('-', ' ') },
      }),
    ).toMatchObject({ name: 'cloister on laptop', state: 'pending' })
    const dee = h.person('dee', { loginSecondsAgo: 100 })
    expect(
      await h.refused('access', 'approveDevice', {
        as: dee,
        params: { userCode: d.userCode },
        body: { scopes: ['runs:open'] },
      }),
    ).toMatchObject({ status: 400 })
    await h.call('access', 'approveDevice', {
      as: dee,
      params: { userCode: d.userCode },
      body: { scopes: ['studies:read'], days: 7 },
    })
    expect(
      await h.refused('access', 'approveDevice', {
        as: h.person('eve'),
        params: { userCode: d.userCode },
        body: { scopes: ['studies:read'] },
      }),
    ).toMatchObject({ status: 409, kind: 'wrong-state' })
    expect(
      await h.refused('access', 'pollDevice', { body: { userCode: d.userCode, deviceSecret: 'guess' } }),
    ).toMatchObject({ status: 404 })
    const all = await Promise.all(Array.from({ length: 10 }, () => h.answer('access', 'pollDevice', poll)))
    const got = [
      ...all.filter((r) => r.status === 200).map((r) => (r.body as { secret: string }).secret),
      (await h.call('access', 'pollDevice', poll)).secret,
    ]
    expect(new Set(got).size).toBe(1)
    expect(got.length).toBeGreaterThanOrEqual(2)
    for (const r of all) expect([200, 409, 410]).toContain(r.status)
    const listed = (await h.call('access', 'tokens', { as: dee })).items
    expect(listed).toMatchObject([{ scopes: ['studies:read'], madeBy: 'device', name: 'cloister on laptop' }])
    expect((await h.deps.table.get<{ loginAt: number }>(keyOf.token(listed[0]!.tokenId)))!.loginAt).toBe(dee.loginAt)
    expect(await acts(organisationId)).toEqual(['token.created'])
    await h.call('access', 'revokeToken', { as: dee, params: { tokenId: listed[0]!.tokenId } })
    expect(await h.refused('access', 'pollDevice', poll)).toMatchObject({ kind: 'device-expired' })
    expect((await h.call('access', 'tokens', { as: dee })).items).toEqual([])
  })
  it('expires after ten minutes, approved or not', async () => {
    const d = await begin()
    h.clock.advance(600)
    expect(
      await h.refused('access', 'device', { as: h.person('dee'), params: { userCode: d.userCode } }),
    ).toMatchObject({ status: 410, kind: 'device-expired' })
    expect(
      await h.refused('access', 'approveDevice', {
        as: h.person('dee'),
        params: { userCode: d.userCode },
        body: { scopes: ['studies:read'] },
      }),
    ).toMatchObject({ status: 410 })
    expect(
      await h.refused('access', 'pollDevice', { body: { userCode: d.userCode, deviceSecret: d.deviceSecret } }),
    ).toMatchObject({ status: 410 })
  })
  it('is approved by a person, not by a token', async () => {
    const d = await begin()
    expect(
      await h.refused('access', 'approveDevice', {
        as: h.person('dee', { scopes: ['studies:write'] }),
        params: { userCode: d.userCode },
        body: { scopes: ['studies:read'] },
      }),
    ).toMatchObject({ status: 403 })
    for (const userCode of ['XXXX-XXXX', '../../x', 'ä', '%'])
      expect(await h.refused('access', 'device', { as: h.person('dee'), params: { userCode } })).toMatchObject({
        status: 404,
      })
  })
  it('draws codes evenly from the alphabet', () => {
    const counts = new Map<string, number>()
    let n = 0
    const random = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => n++ % 256)
    for (let i = 0; i < 3000; i++)
      for (const c of newUserCode({ random }).replace('-', '')) counts.set(c, (counts.get(c) ?? 0) + 1)
    expect(counts.size).toBe(20)
    expect(Math.max(...counts.values()) / Math.min(...counts.values())).toBeLessThan(1.1)
  })
})
