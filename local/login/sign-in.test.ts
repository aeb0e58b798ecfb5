import { TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimsOf, Visitor } from '../testing.ts'
import { startLogin, type TestLogin } from './testing.ts'

const password = 'a long password'
let login: TestLogin
beforeAll(async () => {
  login = await startLogin()
})
afterAll(() => login?.close())

interface Tried {
  status: number
  text: string
  wait: number
  response: Response
}
/** Sends a sign-in form as from `address`. */
async function attempt(visitor: Visitor, at: string, fields: Record<string, string>, address: string): Promise<Tried> {
  const response = await visitor.request(at, {
    method: 'POST',
    headers: { origin: login.origin, 'x-forwarded-for': address },
    body: new URLSearchParams(fields),
  })
  const text = await response.clone().text()
  return { status: response.status, text, wait: Number(response.headers.get('retry-after') ?? 0), response }
}
const begin = async (visitor = new Visitor(login.origin)) => {
  const { response, verifier } = await visitor.begin()
  return { visitor, verifier, at: response.headers.get('location')! }
}
/** An authenticator app for an account, and the recovery codes. */
function setUp(sub: string): { code: () => string; recovery: string[] } {
  const secret = login.state.totp.begin()
  const code = (): string => new TOTP({ secret }).generate({ timestamp: Date.now() + login.clock.ahead * 1000 })
  const recovery = login.state.totp.confirm(sub, secret, code())!
  login.clock.ahead += 30
  return { code, recovery }
}

test('wrong passwords have to wait longer and longer, whether there is an account or not, in the same words', async () => {
  await login.person('mia@example.org', password)
  const { visitor, at } = await begin()
  const answers = async (email: string): Promise<{ statuses: number[]; waits: number[]; texts: string[] }> => {
    const tried: Tried[] = []
    for (let round = 0; round < 9; round++) {
      // Every guess from an address of its own: it is the account that slows them.
      tried.push(await attempt(visitor, at, { email, password: `guess ${round}` }, `10.0.${email.length}.${round}`))
      login.clock.ahead += tried.at(-1)!.wait
    }
    return {
      statuses: tried.map(({ status }) => status),
      waits: tried.map(({ wait }) => wait).filter(Boolean),
      texts: tried.map(({ text }) => text.replaceAll(email, 'X')),
    }
  }
  const there = await answers('mia@example.org')
  expect(there.statuses).toEqual([401, 401, 401, 401, 401, 429, 401, 429, 401])
  expect(there.waits[1]).toBeGreaterThan(there.waits[0]!)
  expect(await answers('nil@example.org')).toEqual(there)
})

test('the wait is bounded, is not made longer by knocking, and is forgotten', async () => {
  await login.person('noa@example.org', password)
  const { visitor, at } = await begin()
  let round = 0
  const guess = () => attempt(visitor, at, { email: 'noa@example.org', password: 'no' }, `10.1.0.${round++}`)
  for (;;) {
    const { wait } = await guess()
    login.clock.ahead += wait
    if (wait >= 900) break
  }
  await guess()
  const first = await guess()
  for (let knocks = 0; knocks < 5; knocks++) await guess()
  expect((await guess()).wait).toBeLessThanOrEqual(first.wait)
  expect(first.wait).toBeLessThanOrEqual(900)
  login.clock.ahead += 3601
  const later = await begin()
  const own = { email: 'noa@example.org', password }
  const entered = await attempt(later.visitor, later.at, own, '10.1.1.1')
  expect(entered.status).toBe(303)
})

test('many guesses at once are counted before they are tried', async () => {
  await login.person('ola@example.org', password)
  const { visitor, at } = await begin()
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, from) =>
      attempt(visitor, at, { email: 'ola@example.org', password: 'no' }, `10.2.0.${from}`),
    ),
  )
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
})

test('guesses from one address at many accounts have to wait', async () => {
  const { visitor, at } = await begin()
  const statuses: number[] = []
  for (let guess = 0; guess < 22; guess++)
    statuses.push((await attempt(visitor, at, { email: `${guess}@example.org`, password: 'no' }, '10.3.0.1')).status)
  expect(statuses.indexOf(429)).toBe(20)
  expect((await attempt(visitor, at, { email: 'x@example.org', password: 'no' }, '10.3.0.2')).status).toBe(401)
})

test('nobody locks anybody out: a browser they know, a code, a link by mail let the owner in', async () => {
  const account = await login.person('pia@example.org', password)
  const home = await begin()
  const own = { email: 'pia@example.org', password }
  await home.visitor.finish((await attempt(home.visitor, home.at, own, '10.4.0.1')).response, home.verifier)
  const stranger = await begin()
  let wait = 0
  for (let guess = 0; guess < 6; guess++)
    ({ wait } = await attempt(stranger.visitor, stranger.at, { ...own, password: 'no' }, `10.5.0.${guess}`))
  expect(wait).toBeGreaterThan(0)
  // At another computer the right password waits, too.
  const away = await begin()
  const refused = await attempt(away.visitor, away.at, own, '10.6.0.1')
  expect(refused.status).toBe(429)
  expect(refused.text).toContain('name="code"')
  // The browser of before does not.
  const again = await begin(home.visitor)
  home.visitor.cookies.delete('cloister_session')
  const { response, verifier } = await home.visitor.begin({ prompt: 'login' })
  expect(again.at).toContain('/signed-in')
  const back = await attempt(home.visitor, response.headers.get('location')!, own, '10.4.0.1')
  expect(claimsOf((await home.visitor.finish(back.response, verifier)).id_token)['sub']).toBe(account.sub)
  for (let guess = 0; guess < 6; guess++)
    await attempt(stranger.visitor, stranger.at, { ...own, password: 'no' }, `10.7.0.${guess}`)
  // A code beside the password.
  const { code } = setUp(account.sub)
  expect((await attempt(away.visitor, away.at, { ...own, code: '000000' }, '10.6.0.1')).status).toBe(401)
  const entered = await attempt(away.visitor, away.at, { ...own, code: code() }, '10.6.0.1')
  expect(claimsOf((await away.visitor.finish(entered.response, away.verifier)).id_token)['sub']).toBe(account.sub)
  // A link by mail, for a browser that knows nobody.
  login.state.totp.remove(account.sub)
  for (let guess = 0; guess < 3; guess++)
    await attempt(stranger.visitor, stranger.at, { ...own, password: 'no' }, `10.7.1.${guess}`)
  const third = await begin()
  expect((await attempt(third.visitor, third.at, own, '10.8.0.1')).status).toBe(429)
  await third.visitor.form(`${third.at}/forgot`, { email: own.email })
  const link = /http\S+\/oidc\/reset\/\S+/.exec(login.letters.at(-1)!.text)![0]
  await third.visitor.form(link, { do: 'keep' })
  const entering = await attempt(third.visitor, third.at, own, '10.8.0.1')
  expect(claimsOf((await third.visitor.finish(entering.response, third.verifier)).id_token)['sub']).toBe(account.sub)
})

test('the audit is told of wrong passwords, and nobody waits for it', async () => {
  const account = await login.person('quy@example.org', password)
  const { visitor, at } = await begin()
  await attempt(visitor, at, { email: 'quy@example.org', password: 'no' }, '10.9.0.1')
  expect(login.failures.at(-1)).toBe(account.sub)
  await attempt(visitor, at, { email: 'nobody@example.org', password: 'no' }, '10.9.0.1')
  expect(login.failures.at(-1)).toBeUndefined()
  login.slowAudit()
  expect((await attempt(visitor, at, { email: 'quy@example.org', password: 'no' }, '10.9.0.1')).status).toBe(401)
})

test('who has an authenticator app is asked for a code; a code counts once, a recovery code too', async () => {
  const account = await login.person('ron@example.org', password)
  const { code, recovery } = setUp(account.sub)
  const enter = async (given: string): Promise<number> => {
    const { visitor, at } = await begin()
    const half = await attempt(visitor, at, { email: 'ron@example.org', password }, '10.10.0.1')
    expect(half.text).toContain('Enter a code')
    // The password alone opens nothing.
    const cookies = new Map(visitor.cookies)
    expect((await visitor.begin()).response.headers.get('location')).toContain('/interaction/')
    for (const [name, value] of cookies) visitor.cookies.set(name, value)
    return (await visitor.form(`${at}/code`, { code: given })).status
  }
  const now = code()
  expect(await enter(now)).toBe(303)
  expect(await enter(now)).toBe(401)
  login.clock.ahead += 30
  const next = code()
  // A phone's clock may be one step behind.
  login.clock.ahead += 30
  expect(await enter(next)).toBe(303)
  login.clock.ahead += 90
  expect(await enter(next)).toBe(401)
  expect(recovery).toHaveLength(10)
  expect(await enter(recovery[3]!.toUpperCase())).toBe(303)
  expect(await enter(recovery[3]!)).toBe(401)
  expect(login.state.totp.left(account.sub)).toBe(9)
})

test('wrong codes have to wait, also for whoever knows the password', async () => {
  const account = await login.person('sam@example.org', password)
  setUp(account.sub)
  const { visitor, at } = await begin()
  await attempt(visitor, at, { email: 'sam@example.org', password }, '10.11.0.1')
  const statuses = await Promise.all(
    Array.from({ length: 10 }, async () => (await visitor.form(`${at}/code`, { code: '000000' })).status),
  )
  expect(statuses.filter((status) => status === 401)).toHaveLength(5)
})

test('whoever is asked to sign in again may do so by a code alone; nobody else may', async () => {
  const account = await login.person('tom@example.org', password)
  const visitor = new Visitor(login.origin)
  const before = await visitor.signIn('tom@example.org', password)
  const { code } = setUp(account.sub)
  const { response, verifier } = await visitor.begin({ prompt: 'login' })
  const at = response.headers.get('location')!
  expect(await (await visitor.request(at)).text()).toContain('Use a code')
  await new Promise((resolve) => {
    setTimeout(resolve, 1100)
  })
  const after = await visitor.finish(await visitor.form(`${at}/code`, { code: code() }), verifier)
  expect(claimsOf(after.access_token)['auth_time']).toBeGreaterThan(
    claimsOf(before.access_token)['auth_time'] as number,
  )
  const stranger = await begin()
  login.clock.ahead += 30
  const refused = await stranger.visitor.form(`${stranger.at}/code`, { code: code() })
  expect(refused.headers.get('location')).toBe(stranger.at)
})
