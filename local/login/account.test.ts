import { TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Tokens, Visitor } from '../testing.ts'
import { startLogin, type TestLogin } from './testing.ts'

const password = 'a long password'
let login: TestLogin
beforeAll(async () => {
  login = await startLogin()
})
afterAll(() => login?.close())

const person = async (name: string): Promise<{ visitor: Visitor; tokens: Tokens; sub: string }> => {
  const { sub } = await login.person(`${name}@example.org`, password)
  const visitor = new Visitor(login.origin)
  return { visitor, sub, tokens: await visitor.signIn(`${name}@example.org`, password) }
}
const read = async (visitor: Visitor, path = ''): Promise<string> =>
  (await visitor.request(`/oidc/account${path}`)).text()
const refreshes = async (visitor: Visitor, { refresh_token: token }: Tokens): Promise<boolean> =>
  (
    await visitor.form('/oidc/token', {
      client_id: 'cloister-portal',
      grant_type: 'refresh_token',
      refresh_token: token!,
    })
  ).ok

test('the account is for whoever has signed in just now; others sign in first and come back', async () => {
  await login.person('mia@example.org', password)
  const visitor = new Visitor(login.origin)
  let response = await visitor.request('/oidc/account')
  response = await visitor.follow(response)
  const at = response.headers.get('location')!
  expect(at).toContain('/oidc/interaction/')
  response = await visitor.form(at, { email: 'mia@example.org', password })
  response = await visitor.follow(response)
  expect(response.headers.get('location')).toMatch(/\/oidc\/account(\?|$)/)
  expect(await read(visitor)).toContain('Sign-in and security')
  login.clock.ahead += 1
  const session = login.state.sessions(login.state.account('mia@example.org')!.sub)
  expect(session).toHaveLength(1)
})

test('a new password takes the present one, and ends the other sessions', async () => {
  const { visitor, tokens } = await person('noa')
  const other = new Visitor(login.origin)
  const elsewhere = await other.signIn('noa@example.org', password)
  const change = (fields: Record<string, string>) => visitor.form('/oidc/account/password', fields)
  expect((await change({ current: 'wrong', password: 'another password' })).status).toBe(401)
  expect((await change({ current: password, password: 'short' })).status).toBe(422)
  expect((await change({ current: password, password: 'another password' })).headers.get('location')).toContain('done=')
  expect(await refreshes(visitor, tokens)).toBe(true)
  expect(await refreshes(other, elsewhere)).toBe(false)
  await new Visitor(login.origin).signIn('noa@example.org', 'another password')
  expect(login.letters.at(-1)).toMatchObject({ to: 'noa@example.org', subject: 'Your sign-in at Cloister has changed' })
})

test('with a password end the ways in that were begun with the one before: links, half sign-ins, finished ones', async () => {
  const { visitor, sub } = await person('ida')
  const elsewhere = async () => {
    const one = new Visitor(login.origin)
    const { response } = await one.begin()
    return { one, at: response.headers.get('location')! }
  }
  const asked = await elsewhere()
  await asked.one.form(`${asked.at}/forgot`, { email: 'ida@example.org' })
  const link = /http\S+\/oidc\/reset\/\S+/.exec(login.letters.at(-1)!.text)![0]
  const finished = await elsewhere()
  const resume = await finished.one.form(finished.at, { email: 'ida@example.org', password })
  const half = await elsewhere()
  login.state.secrets.keep('half', /interaction\/([\w-]+)/.exec(half.at)![1]!, { sub, seconds: 60 })
  expect((await asked.one.request(link)).status).toBe(200)

  await visitor.form('/oidc/account/password', { current: password, password: 'another password' })
  expect.soft((await asked.one.request(link)).status).toBe(404)
  expect.soft((await asked.one.form(link, { do: 'change', password: 'a third password' })).status).toBe(404)
  expect.soft((await half.one.request(`${half.at}/set-up`)).status).toBe(303)
  const resumed = await finished.one.follow(resume)
  expect.soft(resumed.headers.get('location') ?? '').not.toContain('/signed-in')
  expect.soft(login.state.sessions(sub)).toHaveLength(1)
})

test('guesses at the present password have to wait', async () => {
  const { visitor } = await person('gus')
  const statuses = await Promise.all(
    Array.from(
      { length: 8 },
      async () =>
        (await visitor.form('/oidc/account/password', { current: 'no', password: 'another password' })).status,
    ),
  )
  expect(statuses.filter((status) => status === 401)).toHaveLength(5)
})

test('an authenticator app is set up by its code, shows recovery codes once, and goes again', async () => {
  const { visitor, sub } = await person('ola')
  const html = await read(visitor, '/app')
  expect(html).toContain('<svg')
  const secret = /class="secret">([A-Z2-7 ]+)</.exec(html)![1]!.replaceAll(' ', '')
  expect((await visitor.form('/oidc/account/app', { code: '000000' })).status).toBe(422)
  expect(login.state.totp.has(sub)).toBe(false)
  const code = new TOTP({ secret }).generate({ timestamp: Date.now() + login.clock.ahead * 1000 })
  const codes = await (await visitor.form('/oidc/account/app', { code })).text()
  expect(codes.match(/<code>[a-z2-9]{5}-[a-z2-9]{5}<\/code>/g)).toHaveLength(10)
  expect(await read(visitor)).toContain('10 recovery codes are left')
  const renewed = await (await visitor.form('/oidc/account/codes', {})).text()
  expect(renewed).not.toContain(/<code>([^<]+)/.exec(codes)![1]!)
  await visitor.form('/oidc/account/app/remove', {})
  expect(login.state.totp.has(sub)).toBe(false)
})

test('sessions are listed and ended, one or all others', async () => {
  const { visitor, tokens, sub } = await person('pia')
  const others = await Promise.all(
    ['one', 'two', 'three'].map(async () => {
      const other = new Visitor(login.origin)
      return { other, theirs: await other.signIn('pia@example.org', password) }
    }),
  )
  expect(await read(visitor)).toContain('this one')
  const uid = /name="uid" value="([^"]+)"/.exec(await read(visitor))![1]!
  await visitor.form('/oidc/account/sessions/end', { uid })
  expect(login.state.sessions(sub)).toHaveLength(3)
  await visitor.form('/oidc/account/sessions/end', {})
  expect(login.state.sessions(sub)).toHaveLength(1)
  for (const { other, theirs } of others) expect(await refreshes(other, theirs)).toBe(false)
  expect(await refreshes(visitor, tokens)).toBe(true)
})

test('nobody ends another person’s session, and no other page sends these forms', async () => {
  const [mine, theirs] = [await person('quy'), await person('ron')]
  const [session] = login.state.sessions(theirs.sub)
  await mine.visitor.form('/oidc/account/sessions/end', { uid: session!.uid })
  expect(login.state.sessions(theirs.sub)).toHaveLength(1)
  for (const origin of ['https://evil.example', 'null']) {
    const response = await mine.visitor.request('/oidc/account/app/remove', {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams({}),
    })
    expect(response.status).toBe(403)
  }
})

test('there are no passkeys at a bare number, and the page says so', async () => {
  const { visitor } = await person('sam')
  expect(await read(visitor)).toContain('Passkeys belong to a name')
  expect((await visitor.request('/oidc/account/passkeys')).status).toBe(404)
})
