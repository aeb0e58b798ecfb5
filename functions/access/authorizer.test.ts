import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fromContext } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { keyOf, type TokenItem } from '../kernel/items.ts'
import { eventOf, type Harness, harness } from '../kernel/testing.ts'
import { areas } from '../../contracts/index.ts'
import { createAccess } from './access.ts'
import { createAuthorizer } from './authorizer.ts'

let on: Harness
let provider: Server
let deps: Deps
let fetches = 0
type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let keys: Pair
let foreign: Pair
const jwks: { keys: object[] } = { keys: [] }
const seconds = (): number => Math.floor(Date.now() / 1000)

beforeAll(async () => {
  on = await harness()
  ;[keys, foreign] = await Promise.all([generateKeyPair('RS256', { extractable: true }), generateKeyPair('RS256')])
  jwks.keys.push({ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' })
  provider = createServer((_, response) => {
    fetches++
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks))
  }).listen(0, '127.0.0.1')
  await once(provider, 'listening')
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/oidc`
  deps = { ...on.deps, settings: { ...on.deps.settings, issuer, jwksUri: `${issuer}/jwks` } }
})
afterAll(async () => {
  provider.close()
  provider.closeAllConnections()
  await on.close()
})

const claims = (): JWTPayload => ({
  iss: deps.settings.issuer,
  sub: 'user-ada',
  client_id: 'cloister-portal',
  token_use: 'access',
  auth_time: seconds() - 5,
  'cognito:groups': ['founders', 'two words'],
  exp: seconds() + 300,
  iat: seconds(),
})
const sign = (payload: JWTPayload, by: Pair = keys, kid = 'k1'): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(by.privateKey)
const ask = (authorization: string | undefined) =>
  createAuthorizer(deps)({ headers: authorization === undefined ? {} : { authorization } })
const refused = { isAuthorized: false, context: {} }

describe('an access token', () => {
  it('tells who is calling', async () => {
    const result = await ask(`Bearer ${await sign(claims())}`)
    expect(result.isAuthorized).toBe(true)
    expect(fromContext(result.context)).toEqual({
      userId: 'user-ada',
      loginAt: expect.any(Number) as number,
      groups: ['founders'],
    })
  })
  const cases: [string, (c: JWTPayload) => JWTPayload][] = [
    ['expired', (c) => ({ ...c, exp: seconds() - 60 })],
    ['without expiry', (c) => ({ ...c, exp: undefined })],
    ['of another issuer', (c) => ({ ...c, iss: 'https://evil.example' })],
    ['of another client', (c) => ({ ...c, client_id: 'other' })],
    ['without client', (c) => ({ ...c, client_id: undefined })],
    ['that is an ID token', (c) => ({ ...c, token_use: 'id' })],
    ['without a person', (c) => ({ ...c, sub: undefined })],
    ['with a sub that is no id', (c) => ({ ...c, sub: 'a#b' })],
    ['not yet valid', (c) => ({ ...c, nbf: seconds() + 600 })],
  ]
  it.each(cases)('%s is refused', async (_, change) =>
    expect(await ask(`Bearer ${await sign(change(claims()))}`)).toEqual(refused),
  )
  it('signed by another key is refused, known key id or not', async () => {
    expect(await ask(`Bearer ${await sign(claims(), foreign)}`)).toEqual(refused)
    expect(await ask(`Bearer ${await sign(claims(), foreign, 'k9')}`)).toEqual(refused)
  })
  it('without signature, altered or not a token at all is refused', async () => {
    const good = await sign(claims())
    const [head, body, signature] = good.split('.') as [string, string, string]
    const none = Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')
    const other = Buffer.from(JSON.stringify({ ...claims(), sub: 'user-eve' })).toString('base64url')
    for (const bad of [
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
      `${head}.${other}.${signature}`,
      'x',
      'a.b.c',
      '',
      `${good}x`.repeat(20),
    ])
      expect(await ask(`Bearer ${bad}`), bad).toEqual(refused)
    for (const header of [undefined, '', good, `Basic ${good}`, `Bearer${good}`, `Bearer ${good} `])
      expect(await ask(header)).toEqual(refused)
    // RFC 9110: the name of a scheme is read in any case of letters.
    for (const header of [`bearer ${good}`, `BEARER  ${good}`]) expect((await ask(header)).isAuthorized).toBe(true)
  })
  it('does not fetch the keys for every request', async () => {
    const authorizer = createAuthorizer(deps)
    const before = fetches
    for (let i = 0; i < 5; i++) await authorizer({ headers: { authorization: `Bearer ${await sign(claims())}` } })
    expect(fetches - before).toBe(1)
  })
  it('is neither good nor bad while the key set is out of reach: that is an error', async () => {
    const away = createAuthorizer({ ...deps, settings: { ...deps.settings, jwksUri: 'http://127.0.0.1:1/jwks' } })
    await expect(away({ headers: { authorization: `Bearer ${await sign(claims())}` } })).rejects.toThrow('fetch failed')
    const insecure = createAuthorizer({ ...deps, settings: { ...deps.settings, jwksUri: 'http://login.example/jwks' } })
    await expect(insecure({ headers: { authorization: `Bearer ${await sign(claims())}` } })).rejects.toThrow('https')
  })
})

describe('a personal access token', () => {
  let made: { tokenId: string; secret: string }
  beforeEach(async () => {
    made = await on.call('access', 'createToken', {
      as: on.person('tom', { loginSecondsAgo: 30 }),
      body: { name: 'script', scopes: ['runs:read'], days: 1 },
    })
  })
  it('tells whose it is and what it may', async () => {
    const result = await ask(`Bearer ${made.secret}`)
    expect(fromContext(result.context)).toMatchObject({
      userId: 'user-tom',
      groups: [],
      token: { tokenId: made.tokenId, scopes: ['runs:read'] },
    })
    expect(fromContext(result.context)!.loginAt).toBe(on.clock.now().getTime() / 1000 - 30)
  })
  it('with another secret, another id or another form is refused', async () => {
    const other = await on.call('access', 'createToken', {
      as: on.person('eve'),
      body: { name: 'x', scopes: ['runs:read'] },
    })
    const [, id, secret] = made.secret.split(/_(.*?)_(.*)/s) as [string, string, string]
    const flipped = `${secret.slice(0, -2)}${secret.at(-2) === 'A' ? 'B' : 'A'}${secret.at(-1)}`
    for (const bad of [
      `clo_${id}_${flipped}`,
      `clo_${id}_`,
      `clo_${id}`,
      `clo_${other.tokenId.slice(4)}_${secret}`,
      `clo_${id}_${secret}x`,
      'clo__',
      `clo_../_${secret}`,
    ])
      expect(await ask(`Bearer ${bad}`), bad).toEqual(refused)
  })
  it('ends with its last day, and at once when revoked', async () => {
    expect((await ask(`Bearer ${made.secret}`)).isAuthorized).toBe(true)
    const second = await on.call('access', 'createToken', {
      as: on.person('tom'),
      body: { name: 'y', scopes: ['runs:read'], days: 1 },
    })
    await on.call('access', 'revokeToken', { as: on.person('tom'), params: { tokenId: second.tokenId } })
    expect(await ask(`Bearer ${second.secret}`)).toEqual(refused)
    on.clock.advance(86_400)
    expect(await ask(`Bearer ${made.secret}`)).toEqual(refused)
  })
  it('shows its last use, written at most once a minute', async () => {
    const item = () => on.deps.table.get<TokenItem>(keyOf.token(made.tokenId))
    const first = on.clock.now().toISOString()
    await Promise.all(Array.from({ length: 5 }, () => ask(`Bearer ${made.secret}`)))
    expect(await item()).toMatchObject({ lastUsed: first, rev: 2 })
    on.clock.advance(59)
    await ask(`Bearer ${made.secret}`)
    expect(await item()).toMatchObject({ lastUsed: first, rev: 2 })
    on.clock.advance(1)
    await ask(`Bearer ${made.secret}`)
    expect(await item()).toMatchObject({ lastUsed: on.clock.now().toISOString(), rev: 3 })
  })
})

describe('recording who I am', () => {
  const update = async (payload: JWTPayload, as = 'ida', by: Pair = keys) => {
    const handler = createAccess(deps)
    const result = await handler(
      eventOf(areas.access.routes.updateMe, { as: on.person(as), body: { idToken: await sign(payload, by) } }),
      {} as never,
    )
    return { status: result.statusCode, body: JSON.parse(result.body!) as Record<string, unknown> }
  }
  const id = (): JWTPayload => ({
    iss: deps.settings.issuer,
    sub: 'user-ida',
    aud: 'cloister-portal',
    name: ' Ida B ',
    email: 'ida@lab.example',
    email_verified: true,
    exp: seconds() + 300,
  })
  it('takes name and verified address from my ID token', async () => {
    expect(await update(id())).toMatchObject({
      status: 200,
      body: { name: 'Ida B', email: 'ida@lab.example', memberships: [], mayCreateOrganisation: false },
    })
    expect(await update({ ...id(), name: undefined, given_name: 'I', family_name: 'B' })).toMatchObject({
      body: { name: 'I B' },
    })
    expect(await update({ ...id(), email_verified: false })).toMatchObject({ body: { name: 'Ida B', email: '' } })
  })
  it('takes groups as Cognito hands them on, of people who came by a provider alone', async () => {
    const { organisationId } = await on.organisation('Rules', { ada: ['admin'] })
    const body = { group: 'lab', role: 'analyst' as const }
    await on.call('access', 'makeGroupRule', { as: on.person('ada'), params: { organisationId }, body })
    const groups = { 'custom:groups': '[lab, staff]' }
    // Whoever signs up with Cognito chooses their own attributes.
    expect(await update({ ...id(), ...groups })).toMatchObject({ body: { memberships: [] } })
    const identities = [{ userId: 'ida', providerName: 'Campus', providerType: 'SAML' }]
    expect(await update({ ...id(), ...groups, identities })).toMatchObject({
      body: { memberships: [{ organisationId, roles: ['analyst'] }] },
    })
    expect(await update({ ...id(), identities })).toMatchObject({ body: { memberships: [] } })
  })
  it('takes nobody else’s, no access token, no other client’s and no other key’s', async () => {
    for (const bad of [
      { ...id(), sub: 'user-eve' },
      { ...id(), aud: 'other' },
      { ...id(), token_use: 'access' },
      { ...id(), exp: seconds() - 60 },
    ])
      expect(await update(bad)).toMatchObject({
        status: 400,
        body: { kind: 'invalid-request', errors: [{ path: '/body/idToken' }] },
      })
    expect(await update(id(), 'ida', foreign)).toMatchObject({ status: 400 })
  })
})
