import { TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsOf, type Tokens, Visitor } from '../testing.ts'
import { startLogin, type TestLogin } from './testing.ts'

const password = 'a long password'
let login: TestLogin
beforeAll(async () => {
  login = await startLogin('127.0.0.1', { secondFactor: true })
})
afterAll(() => login?.close())

test('where a second factor is demanded, nobody comes in without one, and it is set up on the way', async () => {
  const { sub } = await login.person('mia@example.org', password)
  const visitor = new Visitor(login.origin)
  const { response, verifier } = await visitor.begin()
  const at = response.headers.get('location')!
  const own = { email: 'mia@example.org', password }
  // Without the password there is nothing to set up.
  expect((await visitor.request(`${at}/set-up`)).headers.get('location')).toBe(at)
  expect((await visitor.form(at, own)).headers.get('location')).toBe(`${at}/set-up`)
  const html = await (await visitor.request(`${at}/set-up`)).text()
  const secret = /class="secret">([A-Z2-7 ]+)</.exec(html)![1]!.replaceAll(' ', '')
  expect((await visitor.form(`${at}/set-up`, { code: '000000' })).status).toBe(422)
  const codes = await (await visitor.form(`${at}/set-up`, { code: new TOTP({ secret }).generate() })).text()
  expect(codes.match(/<li><code>/g)).toHaveLength(10)
  const goOn = /<a href="([^"]+)">I have kept them/.exec(codes)![1]!.replaceAll('&amp;', '&')
  const tokens = await visitor.finish(await visitor.request(goOn), verifier)
  expect(tokens.access_token).toBeDefined()
  expect(login.state.totp.has(sub)).toBe(true)
  // From now on a code is asked for, and nobody else may set another app up by the password.
  const thief = new Visitor(login.origin)
  const there = (await thief.begin()).response.headers.get('location')!
  expect(await (await thief.form(there, own)).text()).toContain('Enter a code')
  expect((await thief.form(`${there}/set-up`, { code: '123456' })).headers.get('location')).toBe(there)
  await thief.request(`${there}/set-up`)
  expect(login.state.totp.has(sub)).toBe(true)
})

test('tokens say whether their session signed in by two factors, and those that are renewed say the same', async () => {
  const open = await startLogin()
  const { sub } = await open.person('noa@example.org', password)
  const saysSo = ({ access_token }: Tokens): unknown => claimsOf(access_token)['second_factor']
  const renewed = (visitor: Visitor, { refresh_token }: Tokens): Promise<Tokens> =>
    visitor.token({ grant_type: 'refresh_token', refresh_token: refresh_token! })
  const before = new Visitor(open.origin)
  const byPassword = await before.signIn('noa@example.org', password)
  expect(saysSo(byPassword)).toBeUndefined()
  const { secret } = new TOTP()
  expect(open.state.totp.confirm(sub, secret.base32, new TOTP({ secret }).generate())).toHaveLength(10)
  // A session from before the app is what it was.
  expect(saysSo(await renewed(before, byPassword))).toBeUndefined()
  open.clock.ahead += 60
  const visitor = new Visitor(open.origin)
  const { response, verifier } = await visitor.begin()
  const at = response.headers.get('location')!
  await visitor.form(at, { email: 'noa@example.org', password })
  const later = new TOTP({ secret }).generate({ timestamp: Date.now() + open.clock.ahead * 1000 })
  const tokens = await visitor.finish(await visitor.form(`${at}/code`, { code: later }), verifier)
  expect(saysSo(tokens)).toBe(true)
  expect(saysSo(await renewed(visitor, tokens))).toBe(true)
  await open.close()
})
