/** Sessions of the portal in several tabs, in a real browser. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../local/testing.ts'
import { eventually } from './eventually.ts'
import { faults, openPortal, type Portal, signedIn } from './portal-support.ts'

let portal: Portal
beforeAll(async () => {
  portal = await openPortal(await freePort())
})
afterAll(() => portal?.close())

interface Stored {
  refresh_token: string
  expires_at: number
}
/** The session that a tab keeps; changed by `change`, where it is given. */
const stored = (page: Page, change: Partial<Stored> = {}): Promise<Stored> =>
  page.evaluate((more) => {
    const key = Object.keys(sessionStorage).find((name) => name.startsWith('oidc.user:'))!
    const user = { ...(JSON.parse(sessionStorage.getItem(key)!) as Stored), ...more }
    sessionStorage.setItem(key, JSON.stringify(user))
    return user
  }, change)
const rail = (page: Page) => page.getByRole('navigation', { name: 'Areas' })

test('two tabs that wake up at once renew their session and stay signed in; signing out ends it for all', async () => {
  const { context, page } = await signedIn(portal, 'rosa@demo.cloister')
  const other = await context.newPage()
  await other.goto(portal.origin)
  await rail(other).waitFor()
  const answers: number[] = []
  context.on('response', (response) => {
    if (response.url().endsWith('/oidc/token')) answers.push(response.status())
  })
  const tabs = [page, other]
  const before = await stored(page)
  // As after a night: what both tabs hold has expired, and both are opened again in the same moment.
  await Promise.all(tabs.map((tab) => stored(tab, { expires_at: 1 })))
  await Promise.all(tabs.map((tab) => tab.reload()))
  await Promise.all(tabs.map((tab) => rail(tab).waitFor()))
  expect(answers.length).toBeGreaterThan(0)
  expect(new Set(answers)).toEqual(new Set([200]))
  await eventually('both tabs hold the newest token', async () => {
    const [first, second] = await Promise.all(tabs.map((tab) => stored(tab)))
    return first!.refresh_token === second!.refresh_token && first!.refresh_token !== before.refresh_token
  })

  // A tab that slept through the others' renewals holds a token that was used long ago. It asks them, and does not use
  // it: that would look like a thief, and end the session for all.
  const db = new DatabaseSync(join(portal.host.home, 'login.db'))
  db.exec(`UPDATE provider SET payload = json_set(payload, '$.consumed', 1) WHERE payload ->> 'consumed' IS NOT NULL`)
  db.close()
  await stored(other, { refresh_token: before.refresh_token, expires_at: 1 })
  await other.reload()
  await rail(other).waitFor()
  expect((await stored(other)).refresh_token).toBe((await stored(page)).refresh_token)
  expect(new Set(answers)).toEqual(new Set([200]))

  const last = await stored(page)
  await page.getByRole('button', { name: /Rosa Lindqvist/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
  await other.getByRole('button', { name: 'Sign in' }).waitFor()
  const refused = await page.request.post(`${portal.origin}/oidc/token`, {
    form: { client_id: 'cloister-portal', grant_type: 'refresh_token', refresh_token: last.refresh_token },
  })
  expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
  await context.close()
})

/** What Cognito's login and API answer, as far as the page of one's own sign-in asks them. */
async function playCognito(page: Page): Promise<string[]> {
  const asked: string[] = []
  const jwt = (claims: object): string =>
    ['{}', JSON.stringify(claims), 'x'].map((part) => Buffer.from(part).toString('base64url')).join('.')
  await page.route('**/api/sign-in', async (route) => {
    const settings = (await (await route.fetch()).json()) as Record<string, unknown>
    await route.fulfill({ json: { ...settings, accountClientId: 'own', account: `${portal.origin}/settings/sign-in` } })
  })
  await page.route(/\/oidc\/auth\?.*client_id=own/, async (route) => {
    const query = new URL(route.request().url()).searchParams
    asked.push(`sign-in ${query.get('prompt')} ${query.get('scope')}`)
    const location = `${portal.origin}/settings/sign-in?code=c&state=${query.get('state')}`
    await route.fulfill({ status: 302, headers: { location } })
  })
  await page.route('**/oidc/token', (route) => {
    const at = Math.floor(Date.now() / 1000)
    const claims = {
      iss: `${portal.origin}/oidc`,
      aud: 'own',
      sub: 's',
      email: 'ada@example.org',
      iat: at,
      exp: at + 900,
    }
    return route.request().postData()?.includes('client_id=own')
      ? route.fulfill({
          json: { access_token: 'own-token', id_token: jwt(claims), token_type: 'Bearer', expires_in: 900 },
        })
      : route.fallback()
  })
  let app = false
  await page.route(`${portal.origin}/`, async (route) => {
    const act = route.request().headers()['x-amz-target']?.split('.')[1]
    if (!act) return route.fallback()
    asked.push(act)
    if (act === 'SetUserMFAPreference') app = true
    const answers: Record<string, unknown> = {
      GetUser: { UserMFASettingList: app ? ['SOFTWARE_TOKEN_MFA'] : [], UserAttributes: [{ Name: 'email' }] },
      ListWebAuthnCredentials: {
        Credentials: [{ CredentialId: 'c1', FriendlyCredentialName: 'Blue phone', CreatedAt: 1_770_000_000 }],
      },
      AssociateSoftwareToken: { SecretCode: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' },
      VerifySoftwareToken: { Status: 'SUCCESS' },
    }
    return route.fulfill({ json: answers[act] ?? {} })
  })
  return asked
}

test.each([
  { width: 1440, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
] as const)('how one signs in at Cognito is changed with a sign-in of its own ($width px)', async (looks) => {
  const { context, page, complaints } = await signedIn(portal, 'ada@demo.cloister', '/', {
    viewport: { width: looks.width, height: 900 },
    colorScheme: looks.colorScheme,
  })
  const asked = await playCognito(page)
  await page.goto(`${portal.origin}/settings/sign-in`)
  await page.getByRole('button', { name: 'Sign in to change them' }).click()
  await page.getByText('Blue phone').waitFor()
  expect(asked[0]).toBe('sign-in login openid email aws.cognito.signin.user.admin')
  // A reload of the page asks for a new sign-in: nothing of this one is kept.
  expect(new URL(page.url()).search).toBe('')
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).not.toContain('own-token')
  await page.getByRole('button', { name: 'Set up an app' }).click()
  await page.getByLabel('Code that the app shows now').fill('123456')
  expect(await faults(page)).toEqual([])
  await page.getByRole('button', { name: 'Set it up' }).click()
  await page.getByRole('button', { name: 'Remove the app' }).waitFor()
  expect(await faults(page)).toEqual([])
  expect(asked).toContain('VerifySoftwareToken')
  expect(complaints).toEqual([])
  await context.close()
})
