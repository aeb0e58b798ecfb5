/**
 * Synthetic data in the portal, in a real browser on the whole platform: the Adult sample from its upload to the
 * downloaded synthetic table.
 */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../local/testing.ts'
import { faults, openPortal, type Portal, signedIn } from './portal-support.ts'

interface Planned {
  name: string
  kind: string
  minimum?: number
  maximum?: number
  bins?: number
  categories?: string[]
}
const sample = await readFile(new URL('../examples/synthesis/adult-2000.csv', import.meta.url))
const plan = JSON.parse(await readFile(new URL('../examples/synthesis/plan.json', import.meta.url), 'utf8')) as {
  columns: Planned[]
}
const names = sample.toString('utf8').split('\n', 1)[0]!.trim().split(',')

let portal: Portal
let page: Page
let complaints: string[]
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const rows = (csv: string): string[][] =>
  csv
    .trim()
    .split(/\r?\n/)
    .map((l) => l.split(','))

beforeAll(async () => {
  portal = await openPortal(await freePort())
  const cleo = await signedIn(portal, 'cleo@demo.cloister', '/synthetic')
  cleo.context.setDefaultTimeout(60_000)
  ;({ page, complaints } = cleo)
}, 240_000)
afterAll(async () => {
  await portal?.close()
})

describe('synthetic data in the portal', () => {
  it('begins with a file, whose columns are proposed for the custodian alone', async () => {
    await page.getByRole('link', { name: 'Make the first synthetic table' }).click()
    const file = page.locator('input[type=file]')
    await file.setInputFiles([{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no table') }])
    await page.getByText('neither a CSV nor a Parquet file').waitFor()
    await page.getByRole('textbox', { name: 'Title' }).fill('Adult, first try')
    await file.setInputFiles([{ name: 'adult.csv', mimeType: 'text/csv', buffer: sample }])
    await page.getByRole('complementary', { name: 'What this would cost and give' }).waitFor()
    expect(await page.getByRole('combobox', { name: /: kind$/ }).count()).toBe(names.length)
    await page.getByText('Bounds are bought: noisy quantiles of the data').first().waitFor()
    expect(await faults(page)).toEqual([])
  }, 150_000)

  it('is refused by column while the plan has something wrong', async () => {
    const number = plan.columns.find((c) => c.kind === 'numeric')!
    await page.getByRole('textbox', { name: `${number.name}: minimum` }).fill('90')
    await page.getByRole('textbox', { name: `${number.name}: maximum` }).fill('10')
    await page.getByRole('textbox', { name: `${number.name}: maximum` }).blur()
    await page
      .getByRole('row', { name: new RegExp(`^${number.name}`) })
      .getByRole('alert')
      .waitFor()
    expect(await button('Confirm and make it').isDisabled()).toBe(true)
  })

  it('shows what a plan would cost and give before anything is charged', async () => {
    for (const c of plan.columns) {
      await page.getByRole('combobox', { name: `${c.name}: kind` }).selectOption(c.kind)
      if (c.kind === 'numeric') {
        await page.getByRole('textbox', { name: `${c.name}: minimum` }).fill(String(c.minimum))
        await page.getByRole('textbox', { name: `${c.name}: minimum` }).blur()
        await page.getByRole('textbox', { name: `${c.name}: maximum` }).fill(String(c.maximum))
        await page.getByRole('textbox', { name: `${c.name}: maximum` }).blur()
      } else if (c.categories) {
        await page.getByRole('textbox', { name: `${c.name}: categories, one a line` }).fill(c.categories.join('\n'))
        await page.getByRole('textbox', { name: `${c.name}: categories, one a line` }).blur()
      }
    }
    await page.getByRole('status').filter({ hasText: 'It can be made' }).waitFor()
    const terms = page.getByRole('complementary', { name: 'What this would cost and give' })
    await terms.getByText('epsilon 1').waitFor()
    await terms.getByText(/off by/).waitFor()
  }, 90_000)

  it('is made round by round under the eyes of its custodian', async () => {
    await button('Confirm and make it').click()
    await page.getByRole('heading', { name: 'Being made' }).waitFor()
    await page
      .getByRole('status')
      .filter({ hasText: /^Round \d+/ })
      .or(page.getByRole('tab', { name: 'Card' }))
      .first()
      .waitFor()
    await page.getByRole('tab', { name: 'Card' }).waitFor({ timeout: 120_000 })
    const card = page.getByRole('region', { name: 'Release card' })
    await card.getByText('epsilon 1').waitFor()
    expect(await faults(page)).toEqual([])
  }, 200_000)

  it('is compared with the real table, for the custodian only', async () => {
    await page.getByRole('tab', { name: 'Agreement' }).click()
    await button('Columns and pairs, for me only').click()
    await page.getByText('For the custodian only: these figures look at the real table.').waitFor({ timeout: 90_000 })
    await page.getByRole('img', { name: /by pair of columns/ }).waitFor()
  }, 120_000)

  it('is downloaded with the right columns and domain, and shared', async () => {
    await button('Download').click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: /^CSV/ }).click(),
    ])
    const [header, ...made] = rows(await readFile(await download.path(), 'utf8'))
    expect(header).toEqual(names)
    expect(made.length).toBeGreaterThan(1000)
    for (const c of plan.columns) {
      const at = header!.indexOf(c.name)
      const values = new Set(made.map((r) => r[at]!))
      const outside = [...values].filter(
        (v) =>
          v !== '' &&
          (c.kind === 'numeric'
            ? !(Number(v) >= c.minimum! && Number(v) <= c.maximum!)
            : c.categories !== undefined && v !== 'other' && !c.categories.includes(v)),
      )
      expect(outside, c.name).toEqual([])
      expect(values.size, c.name).toBeGreaterThan(1)
    }
    await page.getByRole('tab', { name: 'Sharing' }).click()
    await page.getByRole('switch', { name: /Shared with/ }).click()
    await page.getByText('Sharing').first().waitFor()
    const anil = await signedIn(portal, 'anil@demo.cloister', '/synthetic')
    await anil.page.getByRole('link', { name: 'Adult, first try' }).click()
    await anil.page.getByRole('region', { name: 'Release card' }).waitFor()
    expect(await anil.page.getByRole('tab', { name: 'Sharing' }).count()).toBe(0)
    await anil.page.getByRole('tab', { name: 'Agreement' }).click()
    await anil.page.getByText('It has not been compared with the real table yet.').waitFor()
    expect(complaints).toEqual([])
  }, 120_000)
})
