/** Sessions of the portal in several tabs, in a real browser. */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../local/testing.ts'
import { eventually } from './eventually.ts'
import { openPortal, type Portal, signedIn } from './portal-support.ts'

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
