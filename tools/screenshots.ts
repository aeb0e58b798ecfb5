/**
 * Pictures of the pages, from a fresh demo installation in real Chromium.
 *   node tools/screenshots.ts           the pictures of the documentation, into docs/pictures/
 *   node tools/screenshots.ts FOLDER    every page, 1440 and 390 px wide, light and dark, into FOLDER
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { startHost } from '../local/host.ts'
import { buildWeb } from './build-web.ts'

const port = Number(process.env['CLOISTER_PORT'] ?? 4790)
const folder = process.argv[2]
const pictures = fileURLToPath(new URL('../docs/pictures', import.meta.url))

/** Signs in as a demo person on the local login page. */
async function signIn(page: Page, origin: string, email: string): Promise<void> {
  await page.goto(`${origin}/`)
  await page.getByRole('button', { name: /sign in/i }).first().click()
  await page.getByRole('button', { name: email }).click()
  await page.getByRole('navigation').first().waitFor()
}

const settled = async (page: Page): Promise<void> => {
  await page.waitForLoadState('load').catch(() => {})
  await page.waitForTimeout(1200)
}

async function take(page: Page, path: string): Promise<void> {
  await settled(page)
  await page.screenshot({ path, fullPage: true, animations: 'disabled' })
  process.stdout.write(`${path}\n`)
}

await buildWeb()
const home = await mkdtemp(join(tmpdir(), 'cloister-pictures-'))
const host = await startHost({ port, home, quiet: true })
const browser = await chromium.launch({ executablePath: process.env['CLOISTER_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
const open = (width: number, dark: boolean): Promise<BrowserContext> => browser.newContext({ viewport: { width, height: width > 600 ? 900 : 844 }, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' })

const settingsPages: [string, string][] = [['audit', '/audit'], ['settings-people', '/settings/people'], ['settings-tokens', '/settings/tokens'], ['settings-organisation', '/settings/organisation'], ['device', '/device'], ['reference', '/docs'], ['nowhere', '/nowhere']]

/** The addresses of a researcher's pages, with names for the files: the flanker is the study with most runs. */
async function studyPages(page: Page): Promise<[string, string][]> {
  await page.goto(`${host.mainOrigin}/studies`)
  const study = await page.getByRole('link', { name: /flanker/i }).first().getAttribute('href')
  const base = study!.replace(/(\/studies\/std_[a-z2-7]+).*/, '$1')
  const tabs = ['overview', 'content', 'versions', 'links', 'people', 'results', 'settings', 'history']
  return [['home', '/'], ['studies', '/studies'], ['study-new', '/studies/new'], ...tabs.map((t): [string, string] => [`study-${t}`, `${base}/${t}`])]
}

/** Signs in anew as somebody and hands over their pages, one by one. */
async function visit(context: BrowserContext, email: string, pages: (page: Page) => [string, string][] | Promise<[string, string][]>, each: (page: Page, name: string) => Promise<void>): Promise<void> {
  const page = await context.newPage()
  await signIn(page, host.mainOrigin, email)
  for (const [name, address] of await pages(page)) {
    await page.goto(`${host.mainOrigin}${address}`)
    await each(page, name)
  }
  await page.close()
}

try {
  if (folder) {
    await mkdir(folder, { recursive: true })
    for (const [width, dark] of [[1440, false], [1440, true], [390, false], [390, true]] as const) {
      const context = await open(width, dark)
      const page = await context.newPage()
      const name = (n: string): string => join(folder, `${n}-${width}-${dark ? 'dark' : 'light'}.png`)
      await page.goto(host.mainOrigin)
      await take(page, name('landing'))
      await page.getByRole('button', { name: /sign in/i }).first().click()
      await take(page, name('login'))
      await visit(context, 'rosa@demo.cloister', studyPages, (p, n) => take(p, name(n)))
      await context.clearCookies()
      await visit(context, 'ada@demo.cloister', () => settingsPages, (p, n) => take(p, name(n)))
      await context.close()
    }
  } else {
    await mkdir(pictures, { recursive: true })
    const context = await open(1440, false)
    const keep = new Set(['home', 'study-overview', 'study-content', 'study-results'])
    await visit(context, 'rosa@demo.cloister', async (p) => (await studyPages(p)).filter(([n]) => keep.has(n)), async (p, n) => {
      await settled(p)
      await p.screenshot({ path: join(pictures, `${n}.png`), animations: 'disabled' })
    })
    await context.close()
  }
} finally {
  await browser.close()
  await host.close()
  await rm(home, { recursive: true, force: true })
}
