import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../clients/api.ts'
import { demoPassword } from './demo/seed.ts'
import { type Host, startHost } from './host.ts'
import { claimsOf, freePort, Visitor } from './testing.ts'
import { eventually } from '../test/eventually.ts'

let home: string
let host: Host
let port: number
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'cloister-host-'))
  port = await freePort()
  host = await startHost({ port, home, quiet: true })
})
afterAll(async () => {
  await host?.close()
  await rm(home, { recursive: true, force: true })
})

/** A request with a Host of its own choosing, which fetch does not allow. */
const raw = (
  path: string,
  headers: Record<string, string>,
  method = 'GET',
  body?: string,
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: string }> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      let text = ''
      answer
        .on('data', (part: Buffer) => {
          text += part.toString()
        })
        .on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body: text }))
    })
    sent.on('error', reject).end(body)
  })

test('a demo person signs in, and the token says who, when and for what', async () => {
  const visitor = new Visitor(host.mainOrigin)
  const tokens = await visitor.signIn('rosa@demo.cloister', demoPassword)
  const claims = claimsOf(tokens.access_token)
  expect(claims).toMatchObject({
    iss: `${host.mainOrigin}/oidc`,
    aud: `${host.mainOrigin}/api`,
    client_id: 'cloister-portal',
    token_use: 'access',
    'cognito:groups': [],
  })
  expect(Date.now() / 1000 - (claims['auth_time'] as number)).toBeLessThan(60)
  expect(claimsOf(tokens.id_token)).toMatchObject({
    email: 'rosa@demo.cloister',
    name: 'Rosa Lindqvist',
    email_verified: true,
  })
  const api = createClient({ baseUrl: host.mainOrigin, token: () => tokens.access_token })
  expect((await api.access.me()).memberships).toMatchObject([{ organisation: 'Demo Lab', roles: ['researcher'] }])
  expect((await api.access.updateMe({ body: { idToken: tokens.id_token } })).name).toBe('Rosa Lindqvist')
  expect((await api.access.me()).mayCreateOrganisation).toBe(false)
})

test('a refreshed token keeps the time of the sign-in; prompt=login asks for the password again', async () => {
  const visitor = new Visitor(host.mainOrigin)
  const first = await visitor.signIn('ada@demo.cloister', demoPassword)
  expect(claimsOf(first.access_token)['cognito:groups']).toEqual(['founders'])
  const refreshed = await visitor.token({ grant_type: 'refresh_token', refresh_token: first.refresh_token! })
  expect(claimsOf(refreshed.access_token)['auth_time']).toBe(claimsOf(first.access_token)['auth_time'])
  // The session is remembered: a code comes without a form.
  const silent = await visitor.begin()
  expect(silent.response.headers.get('location')).toMatch(/signed-in\?code=/)
  const again = await visitor.begin({ prompt: 'login' })
  const page = await visitor.request(again.response.headers.get('location')!)
  const html = await page.text()
  expect(html).toContain('Sign in again')
  expect(html).toContain('value="ada@demo.cloister"')
  const signedIn = claimsOf(first.access_token)['auth_time'] as number
  await eventually('the second after the first sign-in', () => Date.now() / 1000 >= signedIn + 1)
  const later = await visitor.finish(
    await visitor.form(again.response.headers.get('location')!, { email: 'ada@demo.cloister', password: demoPassword }),
    again.verifier,
  )
  expect(claimsOf(later.access_token)['auth_time']).toBeGreaterThan(claimsOf(first.access_token)['auth_time'] as number)
})

test('a wrong password and an unknown address look the same; the audit chain knows of the first', async () => {
  const visitor = new Visitor(host.mainOrigin)
  const { response } = await visitor.begin()
  const at = response.headers.get('location')!
  const wrong = await visitor.form(at, { email: 'chen@demo.cloister', password: 'not this one' })
  const unknown = await visitor.form(at, { email: 'nobody@demo.cloister', password: 'not this one' })
  expect([wrong.status, unknown.status]).toEqual([401, 401])
  expect((await wrong.text()).replace('chen@', 'X@').replaceAll('chen', 'X')).toBe(
    (await unknown.text()).replace('nobody@', 'X@').replaceAll('chen', 'X'),
  )
  const tokens = await new Visitor(host.mainOrigin).signIn('otto@demo.cloister', demoPassword)
  const api = createClient({ baseUrl: host.mainOrigin, token: () => tokens.access_token })
  const { organisationId } = (await api.access.me()).memberships[0]!
  const { items } = await api.audit.events({ params: { organisationId }, query: {} })
  expect(items.filter((e) => e.act === 'login.failed')).toHaveLength(1)
})

test('somebody new creates an account by a letter, which stays at this computer, and belongs nowhere', async () => {
  const visitor = new Visitor(host.mainOrigin)
  const { response, verifier } = await visitor.begin()
  const at = response.headers.get('location')!
  const sent = await (await visitor.form(`${at}/sign-up`, { email: 'Nia@example.org' })).text()
  expect(sent).toContain('its letters are kept on its own computer')
  const letters = await eventually('the letter', async () => {
    const page = await (await fetch(host.letters!)).text()
    return page.includes('nia@example.org') ? page : undefined
  })
  expect((await fetch(`${host.letters!.slice(0, -3)}AAA`)).status).toBe(404)
  const link = /href="(http[^"]+\/oidc\/confirm\/[^"]+)"/.exec(letters)![1]!
  await visitor.form(link, { name: 'Nia <b>', password: 'long enough now' })
  const tokens = await visitor.finish(
    await visitor.form(at, { email: 'nia@example.org', password: 'long enough now' }),
    verifier,
  )
  expect(
    (await createClient({ baseUrl: host.mainOrigin, token: () => tokens.access_token }).access.me()).memberships,
  ).toEqual([])
})

test('signing out ends the session', async () => {
  const visitor = new Visitor(host.mainOrigin)
  const tokens = await visitor.signIn('cleo@demo.cloister', demoPassword)
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${host.mainOrigin}/`,
  })
  const page = await visitor.request(`/oidc/session/end?${query}`)
  const html = await page.text()
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)![1]!
  const done = await visitor.form('/oidc/session/end/confirm', { xsrf, logout: 'yes' })
  expect(done.headers.get('location')).toBe(`${host.mainOrigin}/`)
  expect((await visitor.begin()).response.headers.get('location')).toMatch(/interaction/)
})

test('a form begun elsewhere, a foreign redirect address, a missing PKCE challenge are refused', async () => {
  const visitor = new Visitor(host.mainOrigin)
  const at = (await visitor.begin()).response.headers.get('location')!
  expect(
    (await new Visitor(host.mainOrigin).form(at, { email: 'rosa@demo.cloister', password: demoPassword })).status,
  ).toBe(400)
  expect((await visitor.begin({ redirect_uri: 'http://evil.example/' })).response.status).toBe(400)
  expect((await visitor.begin({ code_challenge: '' })).response.headers.get('location') ?? '').not.toMatch(
    /interaction/,
  )
})

test('two origins on one port, and no third name', async () => {
  const main = await raw('/api/sign-in', { host: `127.0.0.1:${port}` })
  expect(main.status).toBe(200)
  expect(main.headers['content-security-policy']).toContain("script-src 'self';")
  expect((await raw('/api/sign-in', { host: `localhost:${port}` })).status).toBe(404)
  expect((await raw('/oidc/jwks', { host: `localhost:${port}` })).status).toBe(404)
  const study = await raw('/s/none', { host: `localhost:${port}` })
  expect(study.headers['content-security-policy']).toMatch(/^sandbox allow-scripts/)
  expect(study.headers['content-security-policy']).not.toContain('allow-same-origin')
  expect((await raw('/s/none', { host: `127.0.0.1:${port}` })).headers['content-security-policy']).not.toMatch(
    /^sandbox/,
  )
  for (const name of ['evil.example', `evil.example:${port}`, '127.0.0.1'])
    expect((await raw('/', { host: name })).status).toBe(421)
})

test('what is not there, not so, or too large is a problem', async () => {
  const host_ = { host: `127.0.0.1:${port}` }
  expect(await raw('/api/nothing', host_)).toMatchObject({
    status: 404,
    headers: { 'content-type': 'application/problem+json' },
  })
  expect(await raw('/api/me', host_, 'DELETE')).toMatchObject({ status: 404, headers: { allow: 'GET, PUT' } })
  expect((await raw('/api/me', host_)).status).toBe(401)
  expect((await raw('/api/me', { ...host_, authorization: 'Bearer nonsense' })).status).toBe(401)
  expect((await raw('/api/%zz', host_)).status).toBe(400)
  const large = await raw(
    '/api/device',
    { ...host_, 'content-type': 'application/json' },
    'POST',
    JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024), scopes: ['studies:read'] }),
  )
  expect(large).toMatchObject({ status: 413, headers: { 'content-type': 'application/problem+json' } })
  expect(JSON.parse((await raw('/api/openapi.json', host_)).body)).toMatchObject({ openapi: '3.1.0' })
  for (const path of [
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '//evil.example/',
    '/assets/..%5c..%5cpackage.json',
  ])
    expect([200, 301, 302]).not.toContain((await raw(path, host_)).status)
  expect((await raw('/objects/assets/eA?expires=99999999999&signature=AAAA', host_)).status).toBe(403)
})

test('secrets are for their owner only, and passwords are nowhere', async () => {
  for (const file of ['login.db', 'login-keys.json', 'secrets.json', 'keyring.json', 'cloister.log'])
    expect((await stat(join(home, file))).mode & 0o077).toBe(0)
  for (const file of ['login.db', 'cloister.log'])
    expect(await readFile(join(home, file), 'utf8')).not.toContain(demoPassword)
})
