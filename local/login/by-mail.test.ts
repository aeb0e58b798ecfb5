import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsOf, Visitor } from '../testing.ts'
import { startLogin, type TestLogin } from './testing.ts'

const password = 'a long password'
let login: TestLogin
beforeAll(async () => {
  login = await startLogin()
})
afterAll(() => login?.close())

const begin = async () => {
  const visitor = new Visitor(login.origin)
  const { response, verifier } = await visitor.begin()
  return { visitor, verifier, at: response.headers.get('location')! }
}
/** The newest letter to an address, and its link. */
const letterTo = (email: string): { text: string; subject: string; link: string } => {
  const { text, subject } = login.letters.findLast(({ to }) => to === email)!
  return { text, subject, link: /^http\S+$/m.exec(text)![0] }
}
const read = async (response: Response | Promise<Response>): Promise<string> => (await response).text()

test('an account is made by the link in a letter, and its password by whoever reads it', async () => {
  const { visitor, verifier, at } = await begin()
  expect((await visitor.form(`${at}/sign-up`, { email: 'no address' })).status).toBe(422)
  await visitor.form(`${at}/sign-up`, { email: ' Nia@Example.org ' })
  expect(login.state.account('nia@example.org')).toBeUndefined()
  const { link } = letterTo('nia@example.org')
  // A program that looks through mails makes nothing; another site's form does not, either.
  const anybody = new Visitor(login.origin)
  expect(await read(anybody.request(link))).toContain('nia@example.org')
  const fields = { name: 'Nia <b>', password }
  const foreign = await anybody.request(link, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
    body: new URLSearchParams(fields),
  })
  expect(foreign.status).toBe(403)
  expect((await anybody.form(link, { name: 'Nia', password: 'short' })).status).toBe(422)
  expect(login.state.account('nia@example.org')).toBeUndefined()
  expect((await anybody.form(link, fields)).status).toBe(200)
  // Once.
  expect((await anybody.form(link, { ...fields, password: 'another password' })).status).toBe(404)
  const tokens = await visitor.finish(await visitor.form(at, { email: 'nia@example.org', password }), verifier)
  expect(claimsOf(tokens.id_token)).toMatchObject({ email: 'nia@example.org', email_verified: true, name: 'Nia <b>' })
})

test('sign-up and forgotten passwords say the same for an address with an account and for one without', async () => {
  await login.person('mia@example.org', password)
  const { visitor, at } = await begin()
  const answer = async (step: string, email: string) => {
    const response = await visitor.form(`${at}/${step}`, { email })
    return { status: response.status, text: (await response.text()).replaceAll(email, 'X') }
  }
  expect(await answer('sign-up', 'mia@example.org')).toEqual(await answer('sign-up', 'new@example.org'))
  expect(letterTo('mia@example.org').subject).toBe('You have an account at Cloister')
  expect(letterTo('new@example.org').subject).toBe('Confirm your address for Cloister')
  expect(await answer('forgot', 'mia@example.org')).toEqual(await answer('forgot', 'none@example.org'))
  expect(letterTo('mia@example.org').subject).toBe('Your way into Cloister')
  expect(login.letters.filter(({ to }) => to === 'none@example.org')).toEqual([])
})

test('a forgotten password is changed by a link, once, within the hour, and ends all sessions', async () => {
  await login.person('ola@example.org', password)
  const before = new Visitor(login.origin)
  const tokens = await before.signIn('ola@example.org', password)
  const { visitor, at } = await begin()
  await visitor.form(`${at}/forgot`, { email: 'ola@example.org' })
  const first = letterTo('ola@example.org').link
  login.clock.ahead += 3601
  expect((await visitor.form(first, { do: 'change', password: 'a new password' })).status).toBe(404)
  const again = await begin()
  await again.visitor.form(`${again.at}/forgot`, { email: 'ola@example.org' })
  const { link } = letterTo('ola@example.org')
  expect((await again.visitor.form(link, { do: 'change', password: 'short' })).status).toBe(422)
  expect((await again.visitor.form(link, { do: 'change', password: 'a new password' })).status).toBe(200)
  expect((await again.visitor.form(link, { do: 'change', password: 'a third password' })).status).toBe(404)
  expect(letterTo('ola@example.org').text).toContain('was changed')
  const refreshed = await before.form('/oidc/token', {
    client_id: 'cloister-portal',
    grant_type: 'refresh_token',
    refresh_token: tokens.refresh_token!,
  })
  expect(refreshed.status).toBe(400)
  await new Visitor(login.origin).signIn('ola@example.org', 'a new password')
  await expect(new Visitor(login.origin).signIn('ola@example.org', password)).rejects.toThrow('401')
})

test('nobody’s mailbox is filled, and there is always a link that works', async () => {
  await login.person('pia@example.org', password)
  const { visitor, at } = await begin()
  const ask = () =>
    visitor.request(`${at}/forgot`, {
      method: 'POST',
      headers: { origin: login.origin, 'x-forwarded-for': `10.0.0.${login.clock.ahead % 250}` },
      body: new URLSearchParams({ email: 'pia@example.org' }),
    })
  for (let asked = 0; asked < 60; asked++) {
    await ask()
    login.clock.ahead += 20
  }
  const letters = login.letters.filter(({ to }) => to === 'pia@example.org')
  expect(letters.length).toBeLessThan(14)
  expect((await visitor.request(letterTo('pia@example.org').link)).status).toBe(200)
})
