import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsOf, type Tokens, Visitor } from '../testing.ts'
import { startLogin, type TestLogin } from './testing.ts'

let login: TestLogin
beforeAll(async () => {
  login = await startLogin()
  for (const name of ['mia', 'noa', 'ola', 'pia', 'quy']) await login.person(`${name}@example.org`, 'a long password')
})
afterAll(() => login?.close())

const visit = async (name: string): Promise<{ visitor: Visitor; tokens: Tokens }> => {
  const visitor = new Visitor(login.origin)
  return { visitor, tokens: await visitor.signIn(`${name}@example.org`, 'a long password') }
}
/** The answer to a refresh: tokens, or what is wrong. */
const refresh = async (visitor: Visitor, token: string): Promise<Tokens & { error?: string }> => {
  const response = await visitor.form('/oidc/token', {
    client_id: 'cloister-portal',
    grant_type: 'refresh_token',
    refresh_token: token,
  })
  return (await response.json()) as Tokens & { error?: string }
}

test('a refresh token works once; what comes back works in its place, and keeps the time of the sign-in', async () => {
  const { visitor, tokens } = await visit('mia')
  const next = await refresh(visitor, tokens.refresh_token!)
  expect(next.refresh_token).toBeDefined()
  expect(next.refresh_token).not.toBe(tokens.refresh_token)
  expect(claimsOf(next.access_token)['auth_time']).toBe(claimsOf(tokens.access_token)['auth_time'])
  expect((await refresh(visitor, next.refresh_token!)).error).toBeUndefined()
})

test('two tabs that refresh at once both go on; an answer that was lost is had again', async () => {
  const { visitor, tokens } = await visit('noa')
  const both = await Promise.all([refresh(visitor, tokens.refresh_token!), refresh(visitor, tokens.refresh_token!)])
  expect(both.map((answer) => answer.error)).toEqual([undefined, undefined])
  for (const { refresh_token: next } of both) expect((await refresh(visitor, next!)).error).toBeUndefined()
})

test('a refresh token that is used again later was copied: all that its session gave out ends', async () => {
  const { visitor, tokens } = await visit('ola')
  const next = await refresh(visitor, tokens.refresh_token!)
  login.clock.ahead += 11
  expect((await refresh(new Visitor(login.origin), tokens.refresh_token!)).error).toBe('invalid_grant')
  expect((await refresh(visitor, next.refresh_token!)).error).toBe('invalid_grant')
})

test('after a sign-out no refresh token of the session works', async () => {
  const { visitor, tokens } = await visit('pia')
  const next = await refresh(visitor, tokens.refresh_token!)
  const query = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: `${login.origin}/` })
  const page = await (await visitor.request(`/oidc/session/end?${query}`)).text()
  await visitor.form('/oidc/session/end/confirm', {
    xsrf: /name="xsrf" value="([^"]+)"/.exec(page)![1]!,
    logout: 'yes',
  })
  for (const token of [tokens.refresh_token!, next.refresh_token!])
    expect((await refresh(visitor, token)).error).toBe('invalid_grant')
})

test('a session that is ended from elsewhere renews nothing, and another one of the same person goes on', async () => {
  const [first, second] = [await visit('quy'), await visit('quy')]
  const { sub } = login.state.account('quy@example.org')!
  const sessions = login.state.sessions(sub)
  expect(sessions).toHaveLength(2)
  login.state.end(sub, (uid) => uid !== sessions[0]!.uid)
  const answers = [
    await refresh(first.visitor, first.tokens.refresh_token!),
    await refresh(second.visitor, second.tokens.refresh_token!),
  ]
  expect(answers.filter((answer) => answer.error === 'invalid_grant')).toHaveLength(1)
  expect(login.state.sessions(sub)).toHaveLength(1)
})
