/**
 * Pipelines in the portal, in a real browser on the whole platform: a recording from its upload to two compared runs,
 * as a person goes about it.
 */
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recording } from '../local/demo/recording.ts'
import { freePort } from '../local/testing.ts'
import { faults, openPortal, type Portal, signedIn } from './portal-support.ts'

const wide = { width: 1440, height: 900 }
const narrow = { width: 390, height: 844 }
const patient = { timeout: 120_000 }
let portal: Portal
let page: Page
let complaints: string[]
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const field = (name: string) => page.getByRole('textbox', { name, exact: true })
const state = (name: string) => page.locator('h1, header, main').getByText(name, { exact: true }).first()
const log = () => page.getByRole('log', { name: 'Log' })
const tab = (name: string | RegExp) => page.getByRole('tab', { name }).click()
/** A list of numbers is taken when its field is left. */
const list = async (name: string, numbers: string) => {
  await field(name).fill(numbers)
  await field(name).blur()
}
/** What is wrong with the page as it stands, on a desk and on a phone. */
async function wrong(): Promise<string[]> {
  const found = await faults(page)
  await page.setViewportSize(narrow)
  // What is laid out by script follows the window a moment later.
  await page
    .waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, undefined, { timeout: 5_000 })
    .catch(() => {})
  found.push(...(await faults(page)))
  await page.setViewportSize(wide)
  return found
}

beforeAll(async () => {
  portal = await openPortal(await freePort())
  const rosa = await signedIn(portal, 'rosa@demo.cloister', '/pipelines', { reducedMotion: 'reduce' })
  rosa.context.setDefaultTimeout(60_000)
  ;({ page, complaints } = rosa)
}, 240_000)
afterAll(async () => {
  await portal?.close()
})

describe('pipelines in the portal', () => {
  it('makes an experiment, looks at the uploaded stack and refuses a value beside its field', async () => {
    await page.getByRole('link', { name: 'First recording' }).waitFor()
    expect(await wrong()).toEqual([])
    await page.getByRole('link', { name: 'New experiment' }).click()
    await page.getByRole('radio', { name: 'Calcium imaging' }).click()
    await field('Title').fill('Slice 4')
    await button('Go on to inputs and parameters').click()
    await page.getByRole('status').filter({ hasText: 'Before it can run: recording is missing.' }).waitFor()
    expect(await button('Start a run').isDisabled()).toBe(true)
    await page
      .locator('input[type=file]')
      .first()
      .setInputFiles([{ name: 'slice 4.tif', mimeType: 'image/tiff', buffer: Buffer.from(recording()) }])
    await page.getByText('120 frames of 64 × 64 pixels, 16 bits. Proposed: stop before frame 120.').waitFor()
    await field('Correlation threshold').fill('2')
    await page.getByText('Above 1. Expected: a number, at least 0 and at most 1.').waitFor()
    expect(await field('Correlation threshold').getAttribute('aria-invalid')).toBe('true')
    expect(await button('Start a run').isDisabled()).toBe(true)
    await field('Correlation threshold').fill('0.3')
    // Small patches and many rounds: long enough to be watched.
    await field('Rounds').fill('10')
    await page.getByRole('switch', { name: 'Piecewise' }).click()
    await page.getByRole('group', { name: 'Motion correction' }).getByText(/^More/).click()
    await list('Patch strides (y, x)', '16, 16')
    await list('Patch overlaps (y, x)', '8, 8')
    expect(await wrong()).toEqual([])
  }, 120_000)

  it('is watched while it runs: lines, step and progress as they come', async () => {
    await button('Start a run').click()
    await page.getByRole('heading', { name: 'Run 1' }).waitFor()
    // What the page shows at every change, for a run is faster than a busy machine asks.
    await page.evaluate(() => {
      const seen = ((window as unknown as { seen: string[] }).seen = [] as string[])
      const look = () => {
        const lines = document.querySelectorAll('[role=log] .line').length
        const progress = document.querySelector('.progress')?.textContent ?? ''
        const stop = [...document.querySelectorAll('button')].some((b) => b.textContent === 'Stop')
        seen.push(`${stop ? 'live' : 'over'}|${lines}|${progress}`)
      }
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
      look()
    })
    await state('succeeded').waitFor(patient)
    const seen = (await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).map(
      (s) => s.split('|') as [string, string, string],
    )
    const live = seen.filter(([s]) => s === 'live')
    const counts = [...new Set(live.map(([, n]) => Number(n)))].filter((n) => n > 0)
    expect(counts.length).toBeGreaterThan(2)
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(live.some(([, , p]) => /^Motion correction[\d,]+ of [\d,]+$/.test(p))).toBe(true)
  }, 180_000)

  it('leaves cells over the mean image, traces, figures, and a log that is searched and downloaded', async () => {
    await page.getByRole('img', { name: 'overlay.png' }).waitFor()
    expect(
      await page
        .getByRole('img', { name: 'overlay.png' })
        .evaluate((i: HTMLImageElement) => i.decode().then(() => i.naturalWidth)),
    ).toBeGreaterThan(63)
    await page
      .getByRole('img', { name: '8 columns of traces.csv over time_s' })
      .locator('[aria-label="line"] path')
      .nth(7)
      .waitFor()
    await page.getByRole('region', { name: 'Label of each pixel' }).getByRole('button', { name: 'Show' }).click()
    const labels = page.getByRole('img', { name: 'labels.tif, slice 1 of 1' })
    await labels.waitFor()
    expect(
      await labels.evaluate(
        (c: HTMLCanvasElement) =>
          new Set(
            c
              .getContext('2d')!
              .getImageData(0, 0, c.width, c.height)
              .data.filter((_, i) => i % 4 === 0),
          ).size,
      ),
    ).toBeGreaterThan(4)
    expect(await wrong()).toEqual([])
    await tab('Log')
    await log().getByText('Finished with exit code 0').waitFor()
    await page.getByRole('textbox', { name: 'Search the log' }).fill('trace EXTRACTION')
    await page.getByRole('status').filter({ hasText: '1 line' }).waitFor()
    await button('Next line found').click()
    await log().locator('.line[data-now] mark').waitFor()
    expect(await wrong()).toEqual([])
    await button('Download').click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: /^Text/ }).click(),
    ])
    const text = await readFile(await download.path(), 'utf8')
    expect(text).toContain('120 frames of 64 x 64 pixels')
    expect(text).toContain('cloister: metric cells 8')
  }, 120_000)

  it('runs again with an edit, and the two are compared', async () => {
    await button('Run again with edits').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Correlation threshold' }).fill('0.6')
    await dialog.getByRole('textbox', { name: 'Rounds' }).fill('1')
    await button('Start the run').click()
    await page.getByRole('heading', { name: 'Run 2' }).waitFor()
    await state('succeeded').waitFor(patient)
    await page.getByRole('link', { name: 'Slice 4' }).click()
    for (const n of [1, 2]) await page.getByRole('checkbox', { name: `Compare run ${n}, Run ${n}` }).check()
    await page.getByRole('link', { name: 'Compare 2 runs' }).click()
    const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) })
    await row('Correlation threshold').waitFor()
    expect(await row('Correlation threshold').getByRole('cell').allTextContents()).toEqual(['0.3', '0.6'])
    expect(await row('Correlation threshold').locator('[data-differs]').count()).toBe(2)
    expect(await row('Half size of a cell').count()).toBe(0)
    const [one, two] = (await row('cells').getByRole('cell').allTextContents()).map(Number)
    expect(one).toBe(8)
    expect(two).toBeLessThan(8)
    await page.getByRole('img', { name: 'cells of each run' }).waitFor()
    await page.getByRole('img', { name: 'overlay.png' }).nth(1).waitFor()
    await page.getByText('Logs side by side').click()
    await log().nth(1).getByText(`${two} cells`).waitFor()
    expect(await wrong()).toEqual([])
  }, 180_000)

  it('stops a run, which is then cancelled and not failed', async () => {
    await page.getByRole('link', { name: 'Run 1' }).first().click()
    await button('Run again').click()
    await page.getByRole('heading', { name: 'Run 3' }).waitFor()
    await button('Stop').click()
    await state('cancelled').waitFor(patient)
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  }, 120_000)
})

describe('a log of 500 MB', () => {
  it('shows its end at once, what came before on demand, and says what a search has looked at', async () => {
    const logs = join(portal.host.home, 'logs')
    const [name] = (await readdir(logs)).filter((n) => n.endsWith('.jsonl'))
    const file = join(logs, name!)
    await writeFile(file, '')
    const t = Date.now()
    const block = (n: number): string =>
      Array.from(
        { length: 10_000 },
        (_, i) =>
          `${JSON.stringify({ t, s: 'out', x: `line ${n * 10_000 + i} ${'\u001b[32mok\u001b[0m '.repeat(9)}${'x'.repeat(900)}` })}\n`,
      ).join('')
    let size = 0
    let n = 0
    while (size < 500e6) {
      const b = block(n++)
      size += b.length
      await appendFile(file, b)
    }
    await appendFile(file, `${JSON.stringify({ t, s: 'sys', x: 'Finished with exit code 0.', end: 'finished' })}\n`)
    await page.goto(`${portal.origin}/pipeline-runs/${name!.replace('.jsonl', '')}?tab=log`)
    await log().getByText('Finished with exit code 0.').waitFor()
    await log()
      .getByText(`line ${n * 10_000 - 1} `)
      .waitFor()
    expect(await log().locator('.line').count()).toBeLessThan(300)
    await page.getByRole('textbox', { name: 'Search the log' }).fill('line 1')
    await page.getByRole('status').filter({ hasText: 'lines, in the part shown here' }).waitFor()
    await page.getByRole('textbox', { name: 'Search the log' }).fill('')
    const lines = () => page.evaluate(() => document.querySelector<HTMLElement>('[role=log] .lines')!.offsetHeight)
    const before = await lines()
    await log().evaluate((l) => {
      l.scrollTop = 0
    })
    await button('Show what came before').click()
    await expect.poll(lines, patient).toBeGreaterThan(before * 1.5)
    expect(await page.getByRole('checkbox', { name: 'Follow' }).isChecked()).toBe(false)
    const heap = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    )
    expect(heap).toBeLessThan(150e6)
    expect(complaints).toEqual([])
  }, 120_000)
})
