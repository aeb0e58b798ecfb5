/**
 * The main job, as a person does it: Chromium logs in, publishes the flanker example, makes a link, takes part with 100
 * real key presses, sees the run arrive live, opens it, and downloads the CSV.
 */
import { readFile, rm } from 'node:fs/promises'
import type { Browser, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword } from '../local/demo/seed.ts'
import { type Host, startHost } from '../local/host.ts'
import { freePort } from '../local/testing.ts'
import { launchBrowser } from '../tools/browser.ts'
import { buildWeb } from '../tools/build-web.ts'
import { demoHome } from './demo-home.ts'
import { eventually } from './eventually.ts'

let home: string
let host: Host
let browser: Browser
const complaints: string[] = []

beforeAll(async () => {
  await buildWeb(() => undefined)
  home = await demoHome('cloister-main-job-')
  host = await startHost({ port: await freePort(), home, quiet: true })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await host?.close()
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
})

/** A browser of somebody's own; what its pages complain about is kept, and no request may leave the two origins. */
async function somebody(): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    acceptDownloads: true,
  })
  context.setDefaultTimeout(30_000)
  context.on('page', (page) => {
    page.on('pageerror', (e) => complaints.push(e.message))
    page.on('console', (m) => {
      if (m.type() === 'error') complaints.push(m.text())
    })
    page.on('request', (r) => {
      if (![host.mainOrigin, host.studyOrigin, 'data:', 'blob:'].some((o) => r.url().startsWith(o)))
        complaints.push(`a request to ${r.url()}`)
    })
  })
  return context.newPage()
}

const arrows = (frame: Frame): Promise<string> =>
  frame.evaluate(() => document.querySelector('.flanker')?.textContent ?? '')
/** The next stimulus that is not the fixation cross, or undefined when the study is over. */
async function nextStimulus(page: Page, frame: Frame): Promise<string | undefined> {
  const over = 'over'
  const isOver = async (): Promise<boolean> =>
    frame.isDetached() || (await page.getByText('Thank you', { exact: true }).isVisible())
  const next = await eventually(
    'a stimulus is shown, or the study is over',
    async () => {
      if (await isOver()) return over
      const shown = await arrows(frame).catch(() => '')
      return /^[<>]{5}$/.test(shown) && shown
    },
    { every: 15 },
  )
  return next === over ? undefined : next
}

interface Pressed {
  arrows: string
  key: string
}
/** Answers every trial with a key; a wrong one each tenth time. */
async function takePart(page: Page, address: string): Promise<Pressed[]> {
  await page.goto(address)
  await page.getByRole('button', { name: 'Start' }).click()
  const element = await page.waitForSelector('iframe')
  const frame = (await element.contentFrame())!
  await frame.getByText('Press any key to begin').waitFor()
  await page.keyboard.press('Space')
  const pressed: Pressed[] = []
  for (let shown = await nextStimulus(page, frame); shown !== undefined; shown = await nextStimulus(page, frame)) {
    const right = shown[2] === '<' ? 'f' : 'j'
    const key = pressed.length % 10 === 9 ? (right === 'f' ? 'j' : 'f') : right
    await page.keyboard.press(key)
    pressed.push({ arrows: shown, key })
    // The same arrows may come again: the cross between them tells one trial from the next.
    await frame
      .waitForFunction(() => !/^[<>]{5}$/.test(document.querySelector('.flanker')?.textContent ?? ''), undefined, {
        polling: 10,
      })
      .catch(() => undefined)
  }
  return pressed
}

/** RFC 4180. */
function parseCsv(text: string): Record<string, string>[] {
  const rows: string[][] = [[]]
  for (const m of text.replace(/^\uFEFF/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    rows.at(-1)!.push((m[1] ?? m[2] ?? '').replaceAll('""', '"'))
    if (m[3] === '') break
    if (m[3] !== ',') rows.push([])
  }
  const [head, ...body] = rows.filter((r) => r.length > 1)
  return body.map((r) => Object.fromEntries(head!.map((name, i) => [name, r[i] ?? ''])))
}

test('publish, launch, take part, watch it arrive, open, download', { timeout: 400_000 }, async () => {
  const rosa = await somebody()
  await rosa.goto(`${host.mainOrigin}/`)
  await rosa
    .getByRole('button', { name: /sign in/i })
    .first()
    .click()
  await rosa.getByLabel('Email').fill('rosa@demo.cloister')
  await rosa.getByLabel('Password').fill(demoPassword)
  await rosa.getByRole('button', { name: 'Sign in', exact: true }).click()
  await rosa.waitForURL(`${host.mainOrigin}/`)

  await rosa.goto(`${host.mainOrigin}/studies/new`)
  await rosa.getByRole('radio', { name: 'Flanker' }).click()
  await rosa.getByLabel('Title').fill('Flanker, morning group')
  await rosa.getByRole('button', { name: 'Create study' }).click()
  await rosa.waitForURL(/\/studies\/std_[a-z2-7]+\/content/)
  const base = /^.*\/studies\/std_[a-z2-7]+/.exec(rosa.url())![0]
  await rosa.getByRole('button', { name: 'Publish', exact: true }).click()
  await rosa.getByRole('dialog').getByRole('button', { name: 'Publish' }).click()
  await rosa.getByRole('button', { name: 'Launch' }).click()
  await rosa.getByRole('dialog').getByRole('button', { name: 'Launch' }).click()
  await rosa.getByRole('dialog').waitFor({ state: 'hidden' })

  await rosa.goto(`${base}/links`)
  await rosa.getByRole('button', { name: 'Make a link' }).last().click()
  await rosa.getByRole('dialog').getByLabel('Label').fill('Morning')
  await rosa.getByRole('dialog').getByRole('button', { name: 'Make the link' }).click()
  const address = (await rosa
    .getByText(new RegExp(`${host.mainOrigin}/p/[a-z2-7]{20}`))
    .first()
    .textContent())!.match(/http:\S+\/p\/[a-z2-7]{20}/)![0]

  await rosa.goto(`${base}/results`)
  await rosa.getByText('No runs yet').waitFor()
  const participant = await somebody()
  const taking = takePart(participant, address)
  // Nobody reloads this page: the run appears while it is going on, and its state changes by itself.
  await rosa.getByRole('row').filter({ hasText: /live/i }).waitFor({ timeout: 60_000 })
  const pressed = await taking
  expect(pressed).toHaveLength(100)
  await participant.getByText('Thank you', { exact: true }).waitFor()
  // 100 trials, the record of the session, and the end.
  await rosa
    .getByRole('row')
    .filter({ hasText: /completed/i })
    .filter({ hasText: /102 of 102/ })
    .waitFor({ timeout: 60_000 })

  await rosa.getByRole('button', { name: /^Open all/ }).click()
  await rosa
    .getByRole('dialog')
    .getByLabel('What do you open them for?')
    .fill('Preregistered analysis of the flanker effect')
  await rosa.getByRole('dialog').getByRole('button', { name: 'Open', exact: true }).click()
  await rosa.getByText('1 run opened, 100 rows').waitFor()
  const downloading = rosa.waitForEvent('download')
  await rosa.getByRole('button', { name: 'CSV' }).click()
  const rows = parseCsv(await readFile(await (await downloading).path(), 'utf8'))

  expect(rows).toHaveLength(100)
  expect(rows.map((r) => r['response'])).toEqual(pressed.map((p) => p.key))
  expect(rows.map((r) => r['correct'])).toEqual(pressed.map((_, i) => String(i % 10 !== 9)))
  expect(rows.map((r) => r['congruency'])).toEqual(
    pressed.map((p) => (new Set(p.arrows).size === 1 ? 'congruent' : 'incongruent')),
  )
  expect(
    rows.map((r) =>
      r['stimulus']!.replaceAll(/<[^<>]+>/g, '')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>'),
    ),
  ).toEqual(pressed.map((p) => p.arrows))
  expect(rows.every((r) => Number(r['rt']) > 0 && Number(r['rt']) < 60_000)).toBe(true)
  expect(new Set(rows.map((r) => Number(r['trial_index']))).size).toBe(100)
  expect(rows.map((r) => Number(r['time_elapsed']))).toEqual(
    rows.map((r) => Number(r['time_elapsed'])).sort((a, b) => a - b),
  )
  expect(complaints).toEqual([])
})
