/** A sign-in that is begun, sent or planted from elsewhere goes nowhere. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Visitor } from '../testing.ts'
import { startLogin, type TestLogin } from './testing.ts'

const password = 'a long password'
let login: TestLogin
beforeAll(async () => {
  login = await startLogin('localhost')
  await login.person('mia@example.org', password)
  await login.person('eve@example.org', password)
})
afterAll(() => login?.close())

const begin = async (visitor = new Visitor(login.origin)) => {
  const { response, verifier } = await visitor.begin()
  return { visitor, verifier, at: response.headers.get('location')! }
}

test('no form of the login is taken from a page of elsewhere, nor from one that does not say where it is from', async () => {
  const { visitor, at } = await begin()
  const link = `${login.origin}/oidc/confirm/${login.state.secrets.give('sign-up', { value: 'n@example.org', seconds: 60 })}`
  const reset = login.state.secrets.give('reset', { sub: 'sub-mia-example-org', seconds: 60 })
  const forms = ['', '/code', '/set-up', '/sign-up', '/forgot', '/passkey', '/campus', '/campus-done'].map(
    (step) => `${at}${step}`,
  )
  const others = [link, `/oidc/reset/${reset}`, '/oidc/account/password', '/oidc/session/end/confirm', '/oidc/campus']
  const fields = { email: 'mia@example.org', password, name: 'Mia', code: '000000' }
  for (const address of [...forms, ...others])
    for (const origin of ['https://evil.example', 'null', undefined]) {
      const headers: Record<string, string> = origin === undefined ? {} : { origin }
      const sent = await visitor.request(address, { method: 'POST', headers, body: new URLSearchParams(fields) })
      expect.soft(sent.status, `${address} ${origin}`).toBe(403)
    }
  expect(login.letters).toEqual([])
  expect((await visitor.form(at, { email: 'mia@example.org', password })).status).toBe(303)
})

test('cookies of somebody else’s sign-in, planted in a browser, sign nobody in', async () => {
  const eve = await begin()
  const planted = new Visitor(login.origin)
  const plant = (): void => {
    for (const name of ['cloister_interaction', 'cloister_interaction.sig', 'cloister_resume', 'cloister_resume.sig'])
      planted.cookies.set(name, eve.visitor.cookies.get(name)!)
  }
  plant()
  expect((await planted.request(eve.at)).status).toBe(400)
  const done = await eve.visitor.form(eve.at, { email: 'eve@example.org', password })
  plant()
  const resumed = await planted.follow(done)
  expect(resumed.status).toBe(400)
  expect(resumed.headers.getSetCookie().join()).not.toContain('cloister_session')
  // In the browser that began it, it goes on.
  expect(await eve.visitor.finish(done, eve.verifier)).toHaveProperty('access_token')
})

test('two sign-ins that one browser has begun both go on', async () => {
  const one = await begin()
  const cookies = new Map(one.visitor.cookies)
  const two = await begin(one.visitor)
  expect(await two.visitor.signIn('mia@example.org', password)).toHaveProperty('access_token')
  // Cookies of a path each, as a browser keeps them apart.
  for (const [name, value] of cookies) if (!name.includes('session')) one.visitor.cookies.set(name, value)
  expect((await one.visitor.request(one.at)).status).toBe(200)
})
