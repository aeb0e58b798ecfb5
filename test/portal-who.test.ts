/** Who comes in, in a real browser: the campus' button, rules for its groups, two factors where they are demanded. */
import { join } from 'node:path'
import { TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../local/testing.ts'
import { accessibility, enter, faults, openPortal, type Portal, signedIn } from './portal-support.ts'

const campus = {
  name: 'Uni Example',
  // Nobody answers there: what is tried is what people see before and after.
  issuer: 'http://127.0.0.1:9/campus',
  clientId: 'cloister',
  clientSecret: 'of this test',
  groupsClaim: 'groups',
  scope: 'openid',
}
let portal: Portal
beforeAll(async () => {
  portal = await openPortal(await freePort(), { campus })
})
afterAll(() => portal?.close())

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]
/** What is wrong with the page in both sizes, light and dark; pictures of it where somebody wants to look. */
async function looks(page: Page, name: string): Promise<string[]> {
  const all: string[] = []
  for (const colorScheme of ['light', 'dark'] as const)
    for (const size of sizes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.setViewportSize(size)
      // What was laid out for the size before is gone after two frames.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
      all.push(...(await faults(page)).map((fault) => `${colorScheme} ${fault}`))
      const folder = process.env['CLOISTER_PICTURES']
      if (folder)
        await page.screenshot({ path: join(folder, `${name}-${size.width}-${colorScheme}.png`), fullPage: true })
    }
  await page.setViewportSize(sizes[0]!)
  return all
}

test('the login page has a button of the campus, and says so when it does not answer', async () => {
  const page = await (await portal.browser.newContext()).newPage()
  await page.goto(portal.origin)
  await page.getByRole('button', { name: 'Sign in' }).click()
  const button = page.getByRole('link', { name: 'Sign in with Uni Example' })
  await button.waitFor()
  expect(await looks(page, 'campus-button')).toEqual([])
  await button.click()
  await page.getByText('Its sign-in could not be completed').waitFor()
  expect(await accessibility(page)).toEqual([])
  await page.context().close()
})

test('an admin makes and removes a rule for a group; without a campus there is no such section', async () => {
  const { context, page, complaints } = await signedIn(portal, 'ada@demo.cloister', '/settings/people')
  await page.goto(`${portal.origin}/settings/people`)
  const section = page.getByRole('heading', { name: 'Roles by groups of the campus' })
  await section.waitFor()
  await page.getByLabel('Group, as the campus names it').fill('lab')
  await page.getByRole('button', { name: 'Make the rule' }).click()
  const remove = page.getByRole('button', { name: 'Remove the rule for lab' })
  await remove.waitFor()
  expect(await looks(page, 'group-rules')).toEqual([])
  await remove.click()
  await remove.waitFor({ state: 'detached' })
  await page.route('**/api/sign-in', async (route) => {
    const { campus: _, ...settings } = (await (await route.fetch()).json()) as Record<string, unknown>
    await route.fulfill({ json: settings })
  })
  await page.reload()
  await page.getByRole('heading', { name: 'What the roles are for' }).waitFor()
  expect(await section.count()).toBe(0)
  expect(complaints).toEqual([])
  await context.close()
})

test('who demands two factors has two; others are told how to go on, and come in once they have', async () => {
  const { context, page } = await signedIn(portal, 'ada@demo.cloister')
  await page.goto(`${portal.origin}/settings/organisation`)
  const demand = page.getByRole('button', { name: 'Demand two factors' })
  await demand.waitFor()
  expect(await demand.isDisabled()).toBe(true)
  expect(await looks(page, 'one-factor')).toEqual([])

  // An app is set up on the page of one's own sign-in.
  await page.goto(`${portal.origin}/oidc/account/app`)
  const secret = (await page.locator('.secret').textContent())!.replaceAll(' ', '')
  const code = (steps = 0): string => new TOTP({ secret }).generate({ timestamp: Date.now() + steps * 30_000 })
  await page.getByLabel(/code/i).fill(code())
  await page.getByRole('button').first().click()
  await page.getByText('I have kept them').waitFor()
  await context.close()

  const again = await portal.browser.newContext({ viewport: sizes[0]! })
  const admin = await again.newPage()
  await admin.goto(portal.origin)
  await admin.getByRole('button', { name: 'Sign in' }).click()
  await enter(admin, 'ada@demo.cloister')
  await admin.getByLabel(/code/i).fill(code(1))
  await admin.getByRole('button').first().click()
  await admin.getByRole('navigation', { name: 'Areas' }).waitFor()
  await admin.goto(`${portal.origin}/settings/organisation`)
  await admin.getByRole('button', { name: 'Demand two factors' }).click()
  await admin.getByRole('button', { name: 'Let one factor be enough' }).waitFor()
  expect(await looks(admin, 'two-factors')).toEqual([])

  const rosa = await signedIn(portal, 'rosa@demo.cloister', '/')
  await rosa.page.getByText('This organisation asks for a second factor').first().waitFor()
  await rosa.page.getByRole('alert').getByRole('link', { name: 'Sign-in and security' }).first().waitFor()
  expect(await looks(rosa.page, 'asked')).toEqual([])
  await admin.getByRole('button', { name: 'Let one factor be enough' }).click()
  await admin.getByRole('button', { name: 'Demand two factors' }).waitFor()
  await rosa.page.reload()
  await rosa.page.getByRole('navigation', { name: 'Areas' }).waitFor()
  expect(await rosa.page.getByText('This organisation asks for a second factor').count()).toBe(0)
  await rosa.context.close()
  await again.close()
})
