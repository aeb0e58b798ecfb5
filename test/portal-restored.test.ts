/** After a restore that nobody told of withdrawals, whoever administers an organisation is told on every page. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createClient } from '../clients/api.ts'
import { demoPassword } from '../local/demo/seed.ts'
import { type Restored, writeRestored } from '../local/care/restored.ts'
import { Visitor } from '../local/testing.ts'
import { faults, openPortal, type Portal, signedIn } from './portal-support.ts'

let portal: Portal
beforeAll(async () => {
  portal = await openPortal(4655)
})
afterAll(() => portal?.close())

const backup = '2026-03-02T09:00:00.000Z'
const restored = (withdrawals: Restored['withdrawals']): Promise<void> =>
  writeRestored(portal.home, { backup, at: backup, withdrawals })
const notice = 'Notice for administrators'
const asked = async (email: string) => {
  const { access_token } = await new Visitor(portal.origin).signIn(email, demoPassword)
  const { access } = createClient({ baseUrl: portal.origin, token: () => access_token })
  const { memberships } = await access.me()
  return access.notices({ params: { organisationId: memberships[0]!.organisationId } })
}

it('says so to administrators alone', async () => {
  expect(await asked('ada@demo.cloister')).toEqual({})
  await restored('unknown')
  expect(await asked('ada@demo.cloister')).toEqual({ restored: { backup, withdrawals: 'unknown' } })
  await expect(asked('rosa@demo.cloister')).rejects.toMatchObject({ kind: 'forbidden' })
  const { page, context } = await signedIn(portal, 'rosa@demo.cloister')
  await page.getByRole('navigation', { name: 'Areas' }).waitFor()
  expect(await page.getByRole('region', { name: notice }).count()).toBe(0)
  await context.close()
})

it.each([
  { width: 1440, colorScheme: 'light' },
  { width: 1440, colorScheme: 'dark' },
  { width: 390, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark' },
] as const)('is shown above every page, with what to do, at $width in $colorScheme', async ({ width, colorScheme }) => {
  await restored('unknown')
  const { page, context, complaints } = await signedIn(portal, 'ada@demo.cloister', '/studies', {
    viewport: { width, height: 900 },
    colorScheme,
  })
  const shown = page.getByRole('region', { name: notice })
  await shown.getByText('cloister withdrawals LIST').waitFor()
  expect(await faults(page)).toEqual([])
  const pictures = process.env['CLOISTER_PICTURES']
  if (pictures) await page.screenshot({ path: `${pictures}/restored-${width}-${colorScheme}.png` })
  await page.goto(`${portal.origin}/`)
  await shown.waitFor()
  expect(complaints).toEqual([])
  await context.close()
})

it('says what is left to do once they are named, and goes when they are done', async () => {
  await restored('due')
  const { page, context } = await signedIn(portal, 'ada@demo.cloister', '/studies')
  await page.getByRole('region', { name: notice }).getByText('started it again').waitFor()
  await restored('done')
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Studies' }).waitFor()
  await expect.poll(() => page.getByRole('region', { name: notice }).count()).toBe(0)
  expect(await asked('ada@demo.cloister')).toEqual({})
  await context.close()
})
