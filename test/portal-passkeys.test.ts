/** Passkeys at a host with a name, in a real browser with an authenticator that the browser plays. */
import type { Browser, CDPSession, Page } from 'playwright-core'
import { TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startLogin, type TestLogin } from '../local/login/testing.ts'
import { Visitor } from '../local/testing.ts'
import { launchBrowser } from '../tools/browser.ts'
import { accessibility } from './portal-support.ts'

const password = 'a long password'
let login: TestLogin
let browser: Browser
beforeAll(async () => {
  // A name, and a safe place to the browser without a certificate.
  login = await startLogin('localhost')
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await login?.close()
})

/** A device with a sensor for fingers, on which the right finger lies. */
async function withAuthenticator(page: Page): Promise<{ cdp: CDPSession; id: string }> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp, id }
}

test('a passkey is added, lets its owner in without a password, and is refused once it is removed', async () => {
  const { sub } = await login.person('mia@example.org', password)
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text())
  })
  const { cdp, id } = await withAuthenticator(page)
  await page.goto(`${login.origin}/oidc/account`)
  await page.getByLabel('Email').fill('mia@example.org')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByLabel('Name of this device').fill('Blue phone')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('The passkey is added.').waitFor()
  expect(login.state.passkeys.list(sub)).toMatchObject([{ name: 'Blue phone' }])

  // Signed out, and asked again: the passkey alone will do, as a fresh sign-in.
  await context.clearCookies()
  const before = login.state.sessions(sub).length
  await page.goto(`${login.origin}/oidc/account`)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('heading', { name: 'Sign-in and security' }).waitFor()
  expect(login.state.sessions(sub)).toHaveLength(before + 1)

  // A finger that is not the owner's, or a device that does not ask for one, opens nothing.
  await context.clearCookies()
  await page.goto(`${login.origin}/oidc/account`)
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false })
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('alert').waitFor()
  expect(page.url()).toContain('/oidc/interaction/')
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: true })

  login.state.passkeys.remove(sub, login.state.passkeys.list(sub)[0]!.id)
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await page.getByRole('alert').getByText('does not know this passkey').waitFor()
  expect(complaints).toEqual([])
  // Last: the tool that looks takes the device away with it.
  expect(await accessibility(page)).toEqual([])
  await context.close()
})

test('an answer to a challenge counts once, and for nobody who did not ask', async () => {
  const { sub } = await login.person('noa@example.org', password)
  const context = await browser.newContext()
  const page = await context.newPage()
  await withAuthenticator(page)
  await page.goto(`${login.origin}/oidc/account`)
  await page.getByLabel('Email').fill('noa@example.org')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByText('The passkey is added.').waitFor()
  await context.clearCookies()
  await page.goto(`${login.origin}/oidc/account`)
  const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/passkey'))
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  const answer = (await sent).postData()!
  await page.getByRole('heading', { name: 'Sign-in and security' }).waitFor()
  // Somebody who has seen the answer sends it again, in a sign-in of their own.
  const thief = new Visitor(login.origin)
  const at = (await thief.begin()).response.headers.get('location')!
  const again = await thief.request(`${at}/passkey`, {
    method: 'POST',
    headers: { origin: login.origin, 'content-type': 'application/json' },
    body: answer,
  })
  expect(again.status).toBe(401)
  expect(login.state.passkeys.list(sub)[0]?.used).toBeDefined()
  for (const body of ['', '{}', '{"response":1}', '{"response":{"id":[]}}', 'null'])
    expect(
      (await thief.request(`${at}/passkey`, { method: 'POST', headers: { origin: login.origin }, body })).status,
    ).toBe(401)
  await context.close()
})

test('the forms of the account and of letters are sent by a browser as they are by our tests', async () => {
  await login.person('ola@example.org', password)
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' })
  const page = await context.newPage()
  await page.goto(`${login.origin}/oidc/account`)
  const begun = page.url()
  await page.getByRole('link', { name: 'Forgotten your password?' }).click()
  await page.getByLabel('Email').fill('ola@example.org')
  await page.getByRole('button', { name: 'Send the link' }).click()
  await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
  await page.goto(/http\S+reset\S+/.exec(login.letters.at(-1)!.text)![0])
  await page.getByLabel('New password').fill('a second password')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByRole('heading', { name: 'Your password is changed' }).waitFor()
  await page.goto(begun)
  await page.getByLabel('Email').fill('ola@example.org')
  await page.getByLabel('Password').fill('a second password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByLabel('Present password').fill('a second password')
  await page.getByLabel('New password').fill('a third password')
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByRole('status').getByText('Your password is changed').waitFor()
  await page.getByRole('link', { name: 'Set up an authenticator app' }).click()
  expect(await accessibility(page)).toEqual([])
  const secret = (await page.locator('.secret').innerText()).replaceAll(' ', '')
  await page.getByLabel('Code that the app shows now').fill(new TOTP({ secret }).generate())
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Recovery codes' }).waitFor()
  await page.getByRole('link', { name: 'I have kept them' }).click()
  await page.getByText('10 recovery codes are left').waitFor()
  expect(await accessibility(page)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
  await context.close()
})
