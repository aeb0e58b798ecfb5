/**
 * Datasets in the portal, in a real browser on the whole platform: registered from a CSV file, published, found, asked,
 * charged to their budget, and refused where a cohort is too small.
 */
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../local/testing.ts'
import { faults, openPortal, type Portal, signedIn } from './portal-support.ts'

let portal: Portal
let page: Page
let complaints: string[]
let dataset = ''
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const tab = (name: string) => page.getByRole('tab', { name, exact: true }).click()

/** 60 people in two groups: ages 30 to 59, a score, and one who is much older. */
const csv = [
  'person,group,age,score',
  ...Array.from({ length: 60 }, (_, index) => {
    const group = index % 2 ? 'treated' : 'control'
    const age = index === 0 ? 88 : 30 + (index % 30)
    const score = (50 + ((index * 7) % 23) + (index % 2) * 4).toFixed(1)
    return [`P${index + 100}`, group, age, score].join(',')
  }),
].join('\n')

beforeAll(async () => {
  portal = await openPortal(await freePort())
  const cleo = await signedIn(portal, 'cleo@demo.cloister', '/datasets')
  cleo.context.setDefaultTimeout(60_000)
  ;({ page, complaints } = cleo)
}, 240_000)
afterAll(async () => {
  await portal?.close()
})

describe('a dataset in the portal', () => {
  it('is given a name, which must be free', async () => {
    await page.getByRole('link', { name: 'Register a dataset' }).first().click()
    await page.getByRole('textbox', { name: 'Title' }).fill('Reading trial')
    await page.getByRole('textbox', { name: 'Catalogue name' }).fill('demo_dataset')
    await button('Go on to the files').click()
    await page.getByText('Another dataset of the organisation has this name').waitFor()
    await page.getByRole('textbox', { name: 'Catalogue name' }).fill('reading_trial')
    await page.getByRole('textbox', { name: 'Description' }).fill('Sixty people who read a text')
    await button('Go on to the files').click()
    await page.waitForURL(/\/datasets\/dat_[a-z2-7]+\/register$/)
    dataset = /dat_[a-z2-7]+/.exec(page.url())![0]
  })

  it('says in which line a file cannot be read, and takes the mended one', async () => {
    const files = page.locator('input[type=file]').first()
    await files.setInputFiles([{ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no table') }])
    await page.getByText('There is no table among these files').waitFor()
    await files.setInputFiles([
      { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(`${csv}\nP999,control,40,51.0,too,many\n`) },
    ])
    await page.getByRole('heading', { name: 'The files could not be read' }).waitFor({ timeout: 60_000 })
    await page.getByText('people.csv').first().waitFor()
    await button('Choose the files again').click()
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([{ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(`${csv}\n`) }])
    await page.getByRole('heading', { name: 'What was read' }).waitFor({ timeout: 60_000 })
    await page.getByText('1 table, 60 rows').waitFor()
  }, 150_000)

  it('proposes a schema that the custodian corrects, column by column, with the keyboard', async () => {
    await button('Go on to the schema').click()
    await page.getByRole('combobox', { name: 'person: role' }).waitFor()
    await page.getByRole('combobox', { name: 'person: role' }).selectOption('')
    await page.getByText(/No column has the role subject/).waitFor()
    expect(await button('Go on to the policy').isDisabled()).toBe(true)
    await page.getByRole('combobox', { name: 'person: role' }).selectOption('subject')
    await page.getByRole('textbox', { name: 'age: unit' }).fill('years')
    await page.getByRole('textbox', { name: 'age: minimum' }).fill('18')
    await page.getByRole('textbox', { name: 'age: maximum' }).fill('99')
    await page.getByRole('textbox', { name: 'age: meaning' }).focus()
    await page.keyboard.type('Age at the first visit')
    await page.keyboard.press('Alt+ArrowDown')
    await page.keyboard.type('Points in the reading test')
    expect(await page.getByRole('textbox', { name: 'score: meaning' }).inputValue()).toBe('Points in the reading test')
    // What was decided is still there after leaving.
    await page.goto(`${portal.origin}/datasets/${dataset}/register`)
    expect(await page.getByRole('textbox', { name: 'age: unit' }).inputValue()).toBe('years')
    expect(await faults(page)).toEqual([])
  })

  it('gets a policy in plain words, and is published', async () => {
    await button('Go on to the policy').click()
    const minimum = page.getByRole('textbox', { name: 'Fewest people behind a number' })
    await minimum.fill('3')
    await minimum.blur()
    await page.getByText('No number is shown that stands for fewer than 5 people.').waitFor()
    await minimum.fill('12')
    await minimum.blur()
    await page.getByText('No number is shown that stands for fewer than 12 people.').waitFor()
    await button('Go on to publish').click()
    await page.getByText('They never see a value').waitFor()
    await button('Publish').click()
    await page.waitForURL(/overview$/, { timeout: 60_000 })
    await page.locator('.head').getByText('published').waitFor()
    await tab('Schema')
    await page.getByText('Age at the first visit').waitFor()
    await page.getByText('18 to 99').filter({ visible: true }).waitFor()
  }, 120_000)

  it('is found by an analyst by its columns, who sees no custodian’s parts; SQL is answered with a released table', async () => {
    const { page, context } = await signedIn(portal, 'anil@demo.cloister', '/datasets?q=reading test', {
      colorScheme: 'dark',
      viewport: { width: 390, height: 844 },
    })
    context.setDefaultTimeout(60_000)
    await page.getByRole('link', { name: 'Reading trial' }).click()
    await page.getByText('No number is shown that stands for fewer than 12 people.').waitFor()
    expect(await page.getByRole('tab').allTextContents()).toEqual(['Overview', 'Schema'])
    expect(await page.getByRole('button', { name: 'More acts' }).count()).toBe(0)
    expect(await faults(page)).toEqual([])
    await page.getByRole('link', { name: /^Ask this: Mean .* by group/ }).click()
    await page.getByText('It would be accepted').waitFor()
    await page
      .getByText(/12 (distinct )?(people|subjects)/)
      .first()
      .waitFor()
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.waitForURL(/\/analyses\/job_/)
    await page.locator('.head').getByText('released', { exact: true }).waitFor()
    await page.getByRole('cell', { name: 'treated' }).waitFor()
    await page.getByRole('region', { name: 'Release card' }).getByText('version 1').waitFor()
    expect(await faults(page)).toEqual([])
    // The same again with noise: charged to the budget.
    await page.getByRole('link', { name: 'Ask again with changes' }).click()
    await page.getByRole('radio', { name: 'Noise' }).click()
    await page.getByText('It would be accepted').waitFor()
    await page
      .getByText(/epsilon 1\b/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.locator('.head').getByText('released', { exact: true }).waitFor()
    await page.getByText('random noise was added to every number').waitFor()
    await page.getByRole('link', { name: 'Ask again with changes' }).click()
    await page.getByRole('radio', { name: 'Disclosure rules' }).click()
    await page.getByRole('button', { name: 'Add a filter' }).click()
    await page.getByRole('combobox', { name: 'Filter 1: column' }).click()
    await page.getByRole('option', { name: 'age' }).click()
    await page.getByRole('textbox', { name: 'Filter 1: from' }).fill('80')
    await page.getByText('It would be accepted').waitFor()
    await page.getByRole('button', { name: 'Ask', exact: true }).click()
    await page.locator('.head').getByText('blocked', { exact: true }).waitFor()
    const said = await page.getByRole('alert').innerText()
    expect(said).toContain('too few subjects')
    expect(said).not.toMatch(/\b1\b|\bone\b/)
    await context.close()
  }, 180_000)

  it('shows its custodian every analysis, what was spent of the budget, and the history', async () => {
    await page.goto(`${portal.origin}/datasets/${dataset}/analyses`)
    await page.getByRole('cell', { name: 'Anil Rao' }).first().waitFor()
    expect(await page.getByRole('row').filter({ hasText: 'Anil Rao' }).count()).toBe(3)
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await faults(page)).toEqual([])
    await tab('Budget')
    await page
      .getByRole('img', { name: /^Share of the privacy budget spent over time/ })
      .locator('svg')
      .waitFor()
    await page.getByRole('cell', { name: 'Spent', exact: true }).waitFor()
    expect(await faults(page)).toEqual([])
    await tab('History')
    await page.getByText('Published a dataset').waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await faults(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'light' })
    for (const path of [
      '/',
      '/datasets',
      '/datasets/new',
      ...['schema', 'policy', 'register'].map((t) => `/datasets/${dataset}/${t}`),
    ]) {
      await page.goto(`${portal.origin}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await faults(page)).toEqual([])
    }
    expect(complaints).toEqual([])
  }, 120_000)
})
