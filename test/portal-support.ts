/** For tests of the portal: the whole platform on a port of its own with its demo people, and a real browser. */
import { rm } from 'node:fs/promises'
import axe from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { type Host, type HostOptions, startHost } from '../local/host.ts'
import { launchBrowser } from '../tools/browser.ts'
import { buildWeb } from '../tools/build-web.ts'
import { demoHome } from './demo-home.ts'

const password = 'cloister-demo'

export interface Portal {
  origin: string
  home: string
  host: Host
  browser: Browser
  close: () => Promise<void>
}

/** Builds what has changed, starts the host on `port` with fresh data, and a browser. */
export async function openPortal(port: number, more: Pick<HostOptions, 'campus'> = {}): Promise<Portal> {
  await buildWeb(() => {})
  const home = await demoHome('cloister-portal-')
  const host: Host = await startHost({ port, home, quiet: true, lost: () => {}, ...more })
  const browser = await launchBrowser()
  return {
    origin: host.mainOrigin,
    home,
    host,
    browser,
    close: async () => {
      await browser.close()
      await host.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** Fills the local login page that `page` shows. */
export async function enter(page: Page, email: string): Promise<void> {
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** A browser of their own for a demo person, signed in at `path`. What goes wrong in the page lands in `complaints`. */
export async function signedIn(
  portal: Portal,
  email: string,
  path = '/',
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; page: Page; complaints: string[] }> {
  const context = await portal.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (e) => complaints.push(e.message))
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) complaints.push(message.text())
  })
  await page.goto(`${portal.origin}${path}`)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await enter(page, email)
  await page
    .getByRole('navigation', { name: 'Areas' })
    .or(page.getByRole('button', { name: 'Open the menu' }))
    .first()
    .waitFor()
  return { context, page, complaints }
}

/** Waits for what fades or moves on the page, but not for what goes on for ever. */
const still = (page: Page): Promise<unknown> =>
  page.evaluate(() => {
    const passing = document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
    return Promise.all(passing.map((animation) => animation.finished.catch(() => undefined)))
  })

/** What axe finds wrong with the page once it is still, one line each. */
export async function accessibility(page: Page): Promise<string[]> {
  await still(page)
  const cdp = await page.context().newCDPSession(page)
  // The debugger may evaluate what the page's content security policy would not.
  const { result: there } = await cdp.send('Runtime.evaluate', {
    expression: "typeof axe === 'object'",
    returnByValue: true,
  })
  if (!there.value) await cdp.send('Runtime.evaluate', { expression: axe.source })
  const { result } = await cdp.send('Runtime.evaluate', {
    awaitPromise: true,
    returnByValue: true,
    expression:
      "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' | ')}`))",
  })
  await cdp.detach()
  return result.value as string[]
}

/** What is wrong with a page that has come to rest: what axe finds, and how much wider it is than its window. */
export async function faults(page: Page): Promise<string[]> {
  await page.getByRole('status').filter({ hasText: 'Loading' }).waitFor({ state: 'detached' })
  const at = `${new URL(page.url()).pathname} at ${page.viewportSize()?.width} px`
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  return [...(await accessibility(page)).map((f) => `${at}: ${f}`), ...(wide > 0 ? [`${at}: ${wide} px too wide`] : [])]
}
