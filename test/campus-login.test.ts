/** Sign-in by an identity provider that nobody here wrote: glewlwyd of Debian, whose people and groups are its own. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsOf, freePort, type Tokens, Visitor } from '../local/testing.ts'
import type { CampusPerson } from '../local/login/campus-port.ts'
import { startLogin, type TestLogin } from '../local/login/testing.ts'
import { type Glewlwyd, startGlewlwyd } from './glewlwyd.ts'

let provider: Glewlwyd
let login: TestLogin
const arrivals: CampusPerson[] = []
const problems: string[] = []
let stopped = false
const person = (more: { email?: string; groups?: string[] } = {}): Promise<void> =>
  provider.person('mia', {
    password: 'mia-at-campus',
    email: 'mia@uni.example',
    name: 'Mia',
    groups: ['lab', 'staff'],
    ...more,
  })

beforeAll(async () => {
  const port = await freePort()
  provider = await startGlewlwyd(`http://127.0.0.1:${port}/oidc/campus`)
  await person()
  login = await startLogin('127.0.0.1', {
    port,
    campus: {
      settings: { name: 'Campus', issuer: provider.issuer, ...provider.client, groupsClaim: 'groups', scope: 'openid' },
      arrived: async (arrival) => {
        if (stopped) throw new Error('The store is away')
        arrivals.push(arrival)
      },
      log: (problem) => problems.push(problem),
    },
  })
})
afterAll(async () => {
  await login?.close()
  await provider?.close()
})

/** Goes from the login page to the campus, signs in there, and comes back; answers what the login then says. */
async function comeBy(
  visitor: Visitor,
  more: { begin?: Record<string, string>; as?: Visitor; username?: string } = {},
): Promise<{ response: Response; verifier: string }> {
  const { username = 'mia' } = more
  const { response, verifier } = await visitor.begin(more.begin)
  const html = await (await visitor.follow(response)).text()
  expect(html).toContain('Sign in with Campus')
  const [, campus] = /href="([^"]+\/campus)"/.exec(html)!
  const leaving = await visitor.request(campus!)
  const back = await provider.signIn(leaving.headers.get('location')!, username, `${username}-at-campus`)
  expect(back).toMatch(new RegExp(`^${login.origin}/oidc/campus\\?`))
  const browser = more.as ?? visitor
  return { response: await browser.follow(await browser.request(back)), verifier }
}
const signIn = async (visitor: Visitor, more: Parameters<typeof comeBy>[1] = {}): Promise<Tokens> => {
  const { response, verifier } = await comeBy(visitor, more)
  return visitor.finish(response, verifier)
}

test('in, with name, address and groups as the campus says them, again as the same account', async () => {
  const claims = claimsOf((await signIn(new Visitor(login.origin))).id_token)
  expect(claims).toMatchObject({ email: 'mia@uni.example', name: 'Mia', email_verified: true, 'cognito:groups': [] })
  expect(claims['sub']).toMatch(/^campus_[\w-]{43}$/)
  expect(arrivals.at(-1)).toEqual({ sub: claims['sub'], groups: ['lab', 'staff'] })
  await person({ email: 'm.berg@uni.example', groups: ['lab'] })
  const later = claimsOf((await signIn(new Visitor(login.origin))).id_token)
  expect(later).toMatchObject({ sub: claims['sub'], email: 'm.berg@uni.example' })
  expect(arrivals.at(-1)).toEqual({ sub: claims['sub'], groups: ['lab'] })
})

test('keys of the provider change, and sign-in goes on', async () => {
  await provider.rotateKeys()
  // The library asks for keys again when it meets a new one, at most once a minute; the login's clock is not its own.
  const { sub } = claimsOf((await signIn(new Visitor(login.origin))).id_token)
  expect(sub).toBe(arrivals.at(-1)!.sub)
})

test('an answer that another browser brings, or that comes twice, signs nobody in', async () => {
  const thief = await comeBy(new Visitor(login.origin), { as: new Visitor(login.origin) })
  expect(thief.response.status).toBe(400)
  const visitor = new Visitor(login.origin)
  expect((await visitor.request('/oidc/campus?state=nothing&code=1')).status).toBe(400)
  expect(problems).toEqual([])
})

test('an address that is another account’s is not taken over', async () => {
  await login.person('lee@uni.example', 'a password here')
  await provider.person('lee', {
    password: 'lee-at-campus',
    email: 'lee@uni.example',
    name: 'Lee',
    groups: [],
  })
  const before = arrivals.length
  const { response } = await comeBy(new Visitor(login.origin), { username: 'lee' })
  expect(response.status).toBe(409)
  expect(arrivals).toHaveLength(before)
})

test('a campus account has no password here', async () => {
  const visitor = new Visitor(login.origin)
  const { response } = await visitor.begin()
  const at = response.headers.get('location')!
  const tried = await visitor.form(at, { email: 'm.berg@uni.example', password: '' })
  expect([400, 401]).toContain(tried.status)
  await visitor.form(`${at}/forgot`, { email: 'm.berg@uni.example' })
  expect(login.letters).toEqual([])
})

test('what stops an arrival stops the sign-in', async () => {
  stopped = true
  const { response } = await comeBy(new Visitor(login.origin)).catch((error: unknown) => ({ response: error }))
  stopped = false
  expect((response as Response).status).toBeGreaterThanOrEqual(500)
})

test('signing out here leads to signing out there', async () => {
  const visitor = new Visitor(login.origin)
  const tokens = await signIn(visitor)
  const home = `${login.origin}/`
  const query = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: home })
  const page = await visitor.request(`/oidc/session/end?${query}`)
  expect(page.headers.get('content-security-policy')).toContain(
    `form-action 'self' ${new URL(provider.issuer).origin};`,
  )
  const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(await page.text())!
  const done = await visitor.form('/oidc/session/end/confirm', { xsrf: xsrf!, logout: 'yes' })
  const there = new URL(done.headers.get('location')!)
  expect(`${there.origin}${there.pathname}`).toMatch(new RegExp(`^${new URL(provider.issuer).origin}/`))
  expect(there.searchParams.get('post_logout_redirect_uri')).toBe(home)
  expect((await fetch(there, { redirect: 'manual' })).status).toBeLessThan(400)
  expect((await visitor.begin()).response.headers.get('location')).toMatch(/interaction/)
})

test('asked anew before something sensitive, a provider that does not say when is not believed', async () => {
  const visitor = new Visitor(login.origin)
  await signIn(visitor)
  const before = problems.length
  // glewlwyd of Debian 12 says `auth_time` 0 whatever it was asked.
  const { response } = await comeBy(visitor, { begin: { prompt: 'login' } })
  expect(response.status).toBe(502)
  expect(problems.slice(before)).toEqual(['OAUTH_JWT_TIMESTAMP_CHECK_FAILED'])
})
