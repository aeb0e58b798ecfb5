/** Every page that a participant can meet: reached for real, accessible in light and dark, on a phone and on a desk. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import axe from 'axe-core'
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterEach, expect, test } from 'vitest'
import { stage } from './participant-stage.ts'
import { abort, finish, inState, record, takePart } from './participant-support.ts'

const { platform, browser, study } = stage(4622)
/** Set to keep a picture of every state in every variant. */
const pictures = process.env['CLOISTER_PICTURES']
const built = fileURLToPath(new URL('../dist/web/participant', import.meta.url))
let context: BrowserContext | undefined
let complaints: string[] = []

afterEach(async () => {
  await context?.close()
  context = undefined
})

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  // axe is put into the page by the test; the page's own policy is what is tested everywhere else.
  context = await browser().newContext({ locale: 'en-GB', bypassCSP: false, ...options })
  const page = await context.newPage()
  complaints = []
  page.on('console', (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (e) => complaints.push(e.message))
  return page
}

interface Finding {
  id: string
  nodes: { html: string }[]
}
/**
 * One heading, one sentence, nothing cut off, nothing that axe objects to, touch targets of 44 px, text of 16 px; in
 * light and dark, wide and narrow.
 */
async function inspect(page: Page, name: string): Promise<void> {
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ] as const)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      if (pictures)
        await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: true })
      const at = `${name} ${width} ${colorScheme}`
      await page.evaluate(axe.source)
      const found = await page.evaluate(() =>
        (window as unknown as { axe: { run: (o: object) => Promise<{ violations: Finding[] }> } }).axe.run({
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'],
        }),
      )
      expect(
        found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`),
        at,
      ).toEqual([])
      const layout = await page.evaluate(() => ({
        covered: document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.id === 'frame',
        wide: document.documentElement.scrollWidth - innerWidth,
        headings: document.querySelectorAll('h1').length - document.querySelectorAll('.old h1').length,
        small: [...document.querySelectorAll('#app button, #app .button, #app input')].filter(
          (e) => e.getBoundingClientRect().height < 44,
        ).length,
        text: Math.min(
          ...[...document.querySelectorAll('#app *')]
            .filter((e) => e.childElementCount === 0 && e.textContent)
            .map((e) => parseFloat(getComputedStyle(e).fontSize)),
        ),
      }))
      expect(layout, at).toMatchObject({ headings: 1, small: 0, covered: false })
      expect(layout.wide, at).toBeLessThanOrEqual(0)
      expect(layout.text, at).toBeGreaterThanOrEqual(16)
    }
  expect(complaints, name).toEqual([])
}
async function met(page: Page, state: string): Promise<void> {
  await inState(page, state)
  await inspect(page, state)
}

test('the page weighs less than 60 KB gzipped, and loads nothing from elsewhere', () => {
  const files = readdirSync(built, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => readFileSync(join(e.parentPath, e.name)))
  expect(files.length).toBeGreaterThanOrEqual(4)
  expect(files.reduce((n, f) => n + gzipSync(f, { level: 9 }).length, 0)).toBeLessThan(60_000)
  // The only addresses are names of XML namespaces.
  for (const file of files)
    expect(
      file
        .toString('utf8')
        .match(/https?:\/\/[\w.]+/g)
        ?.filter((a) => !a.startsWith('http://www.w3.org')) ?? [],
    ).toEqual([])
})

test('not open, closed, full, used, expired, not found', async () => {
  const draft = await study({ live: false })
  const page = await open()
  const preview = await draft.link({ kind: 'preview' })
  const closed = await study()
  const [toClose, toRevoke] = [await closed.link(), await closed.link()]
  await platform.client.studies.revokeLink({ params: { studyId: closed.studyId, code: toRevoke.code } })
  const { rev } = await platform.client.studies.study({ params: { studyId: closed.studyId } })
  const open2 = await study()
  const [single, quota] = [await open2.link({ kind: 'single' }), await open2.link({ quota: 1 })]
  for (const { url } of [single, quota]) {
    const other = await browser().newContext()
    await takePart(await other.newPage(), url)
    await other.close()
  }
  await page.goto(preview.url)
  await inState(page, 'ready')
  expect(await page.textContent('.preview')).toContain('Preview')
  await page.goto(toRevoke.url)
  await met(page, 'link-expired')
  await platform.client.studies.setState({ params: { studyId: closed.studyId }, body: { state: 'paused', rev } })
  await page.goto(toClose.url)
  await met(page, 'not-open')
  await platform.client.studies.setState({
    params: { studyId: closed.studyId },
    body: { state: 'closed', rev: rev + 1 },
  })
  await page.goto(toClose.url)
  await met(page, 'closed')
  await page.goto(single.url)
  await met(page, 'link-used')
  await page.goto(quota.url)
  await met(page, 'full')
  await page.goto(`${platform.origin}/p/aaaaaaaaaaaaaaaaaaaa`)
  await met(page, 'not-found')
  await page.goto(`${platform.origin}/p/nonsense`)
  await inState(page, 'not-found')
})

test('a browser that lacks what sealing needs is told so', async () => {
  const page = await open()
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'locks', { value: undefined })
  })
  await page.goto((await (await study()).link()).url)
  await met(page, 'too-old')
})

test('without scripts the page still says what is wrong', async () => {
  const page = await open({ javaScriptEnabled: false })
  await page.goto((await (await study()).link()).url)
  expect(await page.locator('main:visible').innerText()).toContain('needs JavaScript')
})

test('a window that is too small says by how much, and goes on when it is large enough', async () => {
  const page = await open({ viewport: { width: 600, height: 500 } })
  await page.goto(
    (await (await study({ configuration: { requirements: { minimumWidth: 1500, minimumHeight: 600 } } })).link()).url,
  )
  await inState(page, 'too-small')
  expect(await page.textContent('.sentence')).toContain('needs 1500 × 600 pixels and this window has 600 × 500')
  await inspect(page, 'too-small')
  await page.setViewportSize({ width: 1500, height: 600 })
  await inState(page, 'ready')
})

test('a phone without a keyboard is told so, and a key press is proof of one', async () => {
  const page = await open({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } })
  await page.goto(
    (await (await study({ configuration: { requirements: { needs: ['keyboard', 'audio'] } } })).link()).url,
  )
  await met(page, 'lacking')
  await page.keyboard.press('f')
  await inState(page, 'ready')
  expect(await page.textContent('.note')).toContain('switch the sound on')
})

test('ready, loading, going on, in another tab, withdrawn', async () => {
  const page = await open()
  const { url } = await (await study()).link()
  await page.goto(url)
  await met(page, 'ready')
  let letGo: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/s/*/index.html', async (route) => {
    await held
    await route.continue().catch(() => undefined)
  })
  await page.click('.actions button')
  await met(page, 'preloading')
  letGo()
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.reload()
  await met(page, 'resuming')
  const other = await context!.newPage()
  await other.goto(url)
  await met(other, 'elsewhere')
  await other.click('.actions button')
  await met(page, 'moved')
  await inState(other, 'resuming')
})

test('unreachable, and a start that has to wait', async () => {
  const page = await open()
  const { url } = await (await study()).link()
  await page.route('**/api/**', (r) => r.abort())
  await page.goto(url)
  await met(page, 'unreachable')
})

test('offline at the end, saving, receipt with the way back, withdrawal', async () => {
  const page = await open()
  const live = await study({
    redirectHosts: ['app.prolific.com'],
    title: 'Attention and reaction times in everyday situations',
  })
  const { url } = await live.link({ completionUrl: 'https://app.prolific.com/submissions/complete?cc=C1' })
  const frame = await takePart(page, url)
  await record(frame, 1, 100)
  await context!.setOffline(true)
  await record(frame, 101, 104)
  await finish(frame)
  await met(page, 'offline')
  let letGo: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  await page.route('**/records', async (route) => {
    await held
    await route.continue().catch(() => undefined)
  })
  await page.reload().catch(() => undefined)
  await context!.setOffline(false)
  await page.goto(url)
  await met(page, 'saving')
  letGo()
  await met(page, 'finished')
  await page.click('.how a')
  await met(page, 'withdraw')
  await page.click('form button')
  await met(page, 'withdrawn')
})

test('ended by the participant', async () => {
  const page = await open()
  const frame = await takePart(page, (await (await study()).link()).url)
  await context!.setOffline(true)
  await abort(frame)
  await met(page, 'aborting')
  await context!.setOffline(false)
  await met(page, 'aborted')
})

test.each([
  ['de', 'Bereit', 'Beginnen'],
  ['fr', 'Prêt à commencer', 'Commencer'],
  ['es', 'Todo listo', 'Empezar'],
  ['nl', 'Ready to start', 'Start'],
])('a study in %s speaks its language', async (language, title, button) => {
  const page = await open()
  await page.goto((await (await study({ configuration: { language } })).link()).url)
  await inState(page, 'ready')
  expect([
    await page.textContent('h1'),
    await page.textContent('.actions button'),
    await page.getAttribute('html', 'lang'),
  ]).toEqual([title, button, language === 'nl' ? 'en' : language])
  await inspect(page, `ready-${language}`)
})

test('a study that stops says so and can be gone on with', async () => {
  const page = await open()
  const { url } = await (await study()).link()
  const frame = await takePart(page, url)
  await record(frame, 1, 2)
  // What the player says when it cannot go on; a web study's own port is out of reach, so a new greeting gets a new
  // one.
  await frame.evaluate(() => {
    addEventListener(
      'message',
      (e) => e.ports[0]?.postMessage({ type: 'failed', message: 'The plugin could not be loaded.' }),
      { once: true },
    )
    parent.postMessage({ cloister: 1, hello: true }, '*')
  })
  await met(page, 'failed')
  expect(await page.textContent('.note')).toBe('The plugin could not be loaded.')
  await page.click('.actions button')
  await page.waitForFunction(() => document.getElementById('app')?.hidden === true)
})
