/**
 * The portal in a real browser on the whole platform: a study from nothing to launched, shared, changed, taken
 * elsewhere and deleted.
 */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackStudy } from '../clients/study-file.ts'
import { accessibility, enter, openPortal, type Portal, signedIn } from './portal-support.ts'

let portal: Portal
let page: Page
let complaints: string[]
let study = ''
const rosa = 'rosa@demo.cloister'

const tab = (name: string) => page.getByRole('tab', { name, exact: true }).click()
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const editor = () => page.getByRole('textbox', { name: 'Configuration, JSON' })
const replaceText = async (text: string) => {
  await editor().click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}
const draftText = () =>
  page.evaluate(
    (id) => (JSON.parse(localStorage.getItem(`cloister.content.${id}`) ?? '{}') as { text?: string }).text,
    study,
  )

beforeAll(async () => {
  portal = await openPortal(4645)
  ;({ page, complaints } = await signedIn(portal, rosa))
})
afterAll(async () => {
  await portal?.close()
})

describe('a study in the portal', () => {
  it('says what this is to a stranger, and returns them to the page they asked for', async () => {
    const context = await portal.browser.newContext()
    const stranger = await context.newPage()
    await stranger.goto(`${portal.origin}/studies?sort=title`)
    await stranger.getByRole('heading', { level: 1, name: /Run studies/ }).waitFor()
    await stranger.getByRole('button', { name: 'Sign in' }).click()
    await enter(stranger, rosa)
    await stranger.getByRole('heading', { level: 1, name: 'Studies' }).waitFor()
    expect(stranger.url()).toBe(`${portal.origin}/studies?sort=title`)
    // A link opened in another tab needs no second sign-in.
    const second = await context.newPage()
    await second.goto(`${portal.origin}/studies`)
    await second.getByRole('heading', { level: 1, name: 'Studies' }).waitFor()
    await context.close()
  })

  it('begins from an example as a draft, checked before it is published', async () => {
    await page.goto(`${portal.origin}/studies`)
    await page.getByRole('link', { name: 'New study' }).click()
    await page.getByRole('radio', { name: 'Places' }).click()
    await page.getByRole('textbox', { name: 'Title' }).fill('Places I like')
    await button('Create study').click()
    await page.waitForURL(/\/studies\/std_[a-z2-7]+\/content$/)
    study = /std_[a-z2-7]+/.exec(page.url())![0]
    await page.getByText('No errors').waitFor()
    await page.getByText('images/city.svg').waitFor()
    const good = await draftText()
    await replaceText(good!.replace('@jspsych/plugin-instructions', '@jspsych/plugin-instructionz'))
    await button(/\/timeline\/0\/type/).waitFor()
    await page.locator('.cm-lint-marker-error').first().waitFor()
    expect(await button('Publish').isDisabled()).toBe(true)
    await replaceText(good!)
    await page.getByText('No errors').waitFor()
    // What is not published yet survives a reload.
    await page.reload()
    await page.getByText('Unpublished changes').waitFor()
    await button('Publish').click()
    await page.getByRole('dialog').getByRole('textbox', { name: 'Note' }).fill('The first one')
    await page.getByRole('dialog').getByRole('button', { name: 'Publish', exact: true }).click()
    await page.waitForURL(/overview$/)
    await page.getByRole('heading', { name: 'On the way to the first participant' }).waitFor()
  })

  it('takes new files with progress, shows what will change, and compares versions', async () => {
    await tab('Content')
    await page.getByText('This is version 1, as published').waitFor()
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([
        {
          name: 'beach.svg',
          mimeType: 'image/svg+xml',
          buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        },
      ])
    await page.getByText('beach.svg').waitFor()
    await button('Review and publish').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('1 file added', { exact: false }).waitFor()
    await dialog.getByRole('cell', { name: /beach\.svg/ }).waitFor()
    await dialog.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.waitForURL(/overview$/)
    await tab('Versions')
    await page.getByRole('heading', { name: 'Compare' }).waitFor()
    await page.getByRole('cell', { name: /beach\.svg/ }).waitFor()
    await page.getByText('The first one').waitFor()
  })

  it('leaves as one file and comes back as a new study', async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), button('Export version 2').click()])
    expect(file.suggestedFilename()).toBe('places-i-like-v2.cloister.zip')
    const bytes = await readFile(await file.path())
    const packed = await unpackStudy(new Uint8Array(bytes))
    expect(packed.files.map((f) => f.path)).toContain('beach.svg')
    await page.goto(`${portal.origin}/studies/new?from=file`)
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([{ name: 'x.cloister.zip', mimeType: 'application/zip', buffer: bytes }])
    await page.getByText('is ready').waitFor()
    expect(await page.getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Places I like')
    await page.getByRole('textbox', { name: 'Title' }).fill('Places imported')
    await button('Create study').click()
    await page.waitForURL(/content$/)
    await page.getByText('No errors').waitFor()
    await page.getByText('beach.svg').waitFor()
  })

  it('makes a Prolific link only once its host is allowed, launches, and revokes', async () => {
    await page.goto(`${portal.origin}/studies/${study}/links`)
    await button('Make a link').first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Prolific' }).click()
    const completion = dialog.getByRole('textbox', { name: /when they finish/ })
    await completion.fill('https://app.prolific.com/submissions/complete?cc=ABC123')
    const make = dialog.getByRole('button', { name: 'Make the link' })
    expect(await make.isDisabled()).toBe(true)
    await dialog.getByRole('button', { name: 'Allow app.prolific.com' }).click()
    await make.click()
    await page.getByText('The link is ready').waitFor()
    await page.getByText('It works once the study is launched.').waitFor()
    await button('Launch').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Launch' }).click()
    await page.getByText('Send it to participants.').waitFor()
    await button('Revoke link Prolific').click()
    await button('Revoke it').click()
    await page.getByText('revoked', { exact: true }).waitFor()
    // Live without a link: the next step is to make one.
    await page.locator('.actions').getByRole('button', { name: 'Make a link' }).click()
    await page.getByRole('dialog', { name: /link/i }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(new URL(page.url()).hash).toBe('')
  })

  it('can be tried out in a new tab', async () => {
    const [preview] = await Promise.all([page.waitForEvent('popup'), button('Try it').click()])
    await preview.waitForURL(/\/p\/[a-z2-7]{20}/)
    await preview.close()
  })

  it('is shared right by right, and others see only what they may', async () => {
    await page.goto(`${portal.origin}/studies/${study}/people`)
    await page.getByRole('combobox', { name: /Member of the organisation/ }).click()
    await page.getByRole('option', { name: /Anil/ }).click()
    await button('Add').click()
    const rows = page.getByRole('checkbox', { name: /^Anil.*list of runs/ })
    await rows.waitFor()
    expect(await rows.isChecked()).toBe(false)
    const { page: other, context } = await signedIn(portal, 'anil@demo.cloister', `/studies/${study}`)
    await other.getByRole('heading', { level: 1, name: 'Places I like' }).waitFor()
    expect(await other.getByRole('tab').allTextContents()).toEqual(['Overview', 'Versions', 'People', 'History'])
    expect(await other.getByRole('button', { name: 'Try it' }).count()).toBe(0)
    await rows.check()
    await expect
      .poll(
        async () => {
          await other.reload()
          await other.getByRole('tab', { name: 'Overview' }).waitFor()
          return other.getByRole('tab', { name: 'Results' }).count()
        },
        { timeout: 15_000 },
      )
      .toBe(1)
    await context.close()
  })

  it('keeps what was typed when the session ends, and saves it after a new sign-in', async () => {
    await page.goto(`${portal.origin}/studies/${study}/settings`)
    await page.getByRole('textbox', { name: 'Title' }).fill('Places I love')
    let refused = false
    await page.route(`**/api/studies/${study}`, async (route) => {
      if (refused || route.request().method() !== 'PATCH') return route.continue()
      refused = true
      await route.fulfill({
        status: 401,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          type: '/docs/problems#sign-in-required',
          kind: 'sign-in-required',
          title: 'Sign in first',
          status: 401,
          detail: 'Your session has ended.',
        }),
      })
    })
    await button('Save').click()
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    const [window] = await Promise.all([
      page.waitForEvent('popup'),
      dialog.getByRole('button', { name: 'Sign in again' }).click(),
    ])
    await enter(window, rosa)
    await page.getByText('Saved', { exact: true }).waitFor()
    await page.getByRole('heading', { level: 1, name: 'Places I love' }).waitFor()
    expect(refused).toBe(true)
    await page.unroute(`**/api/studies/${study}`)
  })

  it('is not deleted while live, and a copy only by its name', async () => {
    expect(await button('Delete this study').isDisabled()).toBe(true)
    await button('More acts').click()
    await page.getByRole('menuitem', { name: 'Duplicate' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Duplicate' }).click()
    await page.getByRole('heading', { level: 1, name: 'Copy of Places I love' }).waitFor()
    await tab('Settings')
    await button('Delete this study').click()
    const sure = page.getByRole('dialog').getByRole('button', { name: 'Delete for good' })
    await page.getByRole('dialog').getByRole('textbox').fill('Copy of something else')
    expect(await sure.isDisabled()).toBe(true)
    await page.getByRole('dialog').getByRole('textbox').fill('Copy of Places I love')
    await sure.click()
    await page.waitForURL(`${portal.origin}/studies`)
    await page.getByRole('link', { name: 'Places imported' }).waitFor()
    await expect.poll(() => page.getByRole('link', { name: /Copy of/ }).count(), { timeout: 15_000 }).toBe(0)
  })

  it('is found by search and by Ctrl-K; the search stays in the address', async () => {
    await page.keyboard.press('/')
    await page.keyboard.type('love')
    await page.waitForURL(/q=love/)
    await expect.poll(() => page.locator('tbody tr').count(), { timeout: 15_000 }).toBe(1)
    await page.reload()
    expect(await page.getByRole('textbox', { name: 'Search studies' }).inputValue()).toBe('love')
    await page.keyboard.press('Control+k')
    await page.getByRole('textbox', { name: 'Where to, or what to do?' }).fill('imported: content')
    await page.keyboard.press('Enter')
    await page.waitForURL(/content$/)
    expect(complaints).toEqual([])
  })
})

describe('every page', () => {
  it('is free of accessibility faults and no wider than the window: light and dark, 1440 and 390 px', async () => {
    const { page, context } = await signedIn(portal, rosa, '/')
    const found: string[] = []
    // Each is loaded once and looked at in all four: loading takes longer than looking.
    const look = async (name: string): Promise<void> => {
      for (const [width, colorScheme] of [
        [1440, 'light'],
        [1440, 'dark'],
        [390, 'dark'],
        [390, 'light'],
      ] as const) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme })
        // Colours change over a moment.
        await page.waitForTimeout(250)
        found.push(...(await accessibility(page)).map((f) => `${name}, ${colorScheme}, ${width} px: ${f}`))
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        if (wide > 0) found.push(`${name} is ${wide} px wider than a window of ${width} px`)
      }
    }
    try {
      for (const path of [
        '/',
        '/studies',
        '/studies/new',
        ...['overview', 'content', 'versions', 'links', 'people', 'settings'].map((t) => `/studies/${study}/${t}`),
      ]) {
        await page.setViewportSize({ width: 1440, height: 900 })
        await page.goto(`${portal.origin}${path}`)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.waitForLoadState('networkidle')
        if (path.endsWith('content')) await page.getByText('No errors').waitFor()
        await look(path)
      }
      await page.goto(`${portal.origin}/studies/${study}/links`)
      await page.getByRole('button', { name: 'Make a link' }).last().click()
      await page.getByRole('dialog').getByRole('button', { name: 'Prolific' }).click()
      await look('make a link')
    } finally {
      await context.close()
    }
    expect(found).toEqual([])
  }, 240_000)
})
