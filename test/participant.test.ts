/** The participant page in a real browser against the real host: from a link to a receipt. */
import { readFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Cloister } from '../web/study/client.ts'
import { stage } from './participant-stage.ts'
import {
  abort,
  finish,
  inState,
  kept,
  numbers,
  numbersOf,
  openedRuns,
  record,
  takePart,
} from './participant-support.ts'

const { platform, browser, study } = stage(4620)
let context: BrowserContext
let page: Page

beforeEach(async () => {
  context = await browser().newContext({ locale: 'en-GB' })
  page = await context.newPage()
})
afterEach(async () => {
  await context.close()
})

describe('taking part', () => {
  test('from the link to the receipt: sealed, complete, with what the address carried', async () => {
    const live = await study({
      configuration: { conditions: [{ name: 'only', colour: 'red' }] },
      redirectHosts: ['app.prolific.com'],
    })
    const { url } = await live.link({
      outsideIdParameter: 'PID',
      completionUrl: 'https://app.prolific.com/done?pid={outsideId}&src={parameter:src}&run={runId}',
    })
    const sent: string[] = []
    page.on('request', (r) => sent.push(r.url() + (r.postData() ?? '')))
    await page.goto(`${url}?PID=prolific-7&src=flyer`)
    await inState(page, 'ready')
    expect(await page.textContent('.study')).toMatch(/^Reaction times/)
    const frame = await takePart(page, page.url())
    expect(await frame.evaluate(() => (window as unknown as { begun: unknown }).begun)).toMatchObject({
      condition: 'only',
      variables: { colour: 'red' },
      parameters: { src: 'flyer' },
      language: 'en',
      resume: { finished: [] },
    })
    await record(frame, 1, 30)
    await finish(frame)
    await inState(page, 'finished')
    expect(page.url()).toContain('/p/')
    const [run] = await openedRuns(platform.client, live.studyId)
    expect(run!.row).toMatchObject({ state: 'completed', missing: 0, conflicts: 0 })
    expect(run!.findings).toEqual([])
    expect(numbersOf(run!)).toEqual(numbers(30))
    expect(run!.session).toMatchObject({ parameters: { src: 'flyer' } })
    // One click leads back; the outside id is filled in here and was sent to the start alone.
    const next = new URL((await page.getAttribute('.actions a', 'href'))!)
    expect(next.host + next.pathname).toBe('app.prolific.com/done')
    expect(Object.fromEntries(next.searchParams)).toEqual({ pid: 'prolific-7', src: 'flyer', run: run!.row.runId })
    const requests = sent.filter((r) => !r.includes('?PID='))
    expect(requests.filter((r) => r.includes('prolific-7')).map((r) => r.includes('/runs{'))).toEqual([true])
    for (const marker of ['marker-', 'flyer'])
      expect(
        requests.filter((r) => r.includes(marker)),
        marker,
      ).toEqual([])
    expect(sent.every((r) => r.startsWith(platform.origin) || r.startsWith(`http://localhost:${platform.port}/`))).toBe(
      true,
    )
  })

  test('a reload goes on at the last record and gives back the checkpoint', async () => {
    const live = await study()
    const { url } = await live.link()
    let frame = await takePart(page, url)
    await record(frame, 1, 7)
    await frame.evaluate(() => (window as unknown as { cloister: Cloister }).cloister.checkpoint({ block: 2 }))
    await frame.evaluate(() =>
      (window as unknown as { cloister: Cloister }).cloister.replace('form', { n: 8, draft: 1 }),
    )
    await frame.evaluate(() =>
      (window as unknown as { cloister: Cloister }).cloister.replace('form', { n: 8, draft: 2 }),
    )
    await page.reload()
    await inState(page, 'resuming')
    frame = await takePart(page, url)
    const { resume } = await frame.evaluate(
      () =>
        (window as unknown as { begun: { resume: { finished: Record<string, unknown>[]; checkpoint: unknown } } })
          .begun,
    )
    expect(resume.finished.map((r) => r['n'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(resume.finished.at(-1)).toMatchObject({ draft: 2 })
    expect(resume.checkpoint).toEqual({ block: 2 })
    await record(frame, 9, 12)
    await finish(frame)
    await inState(page, 'finished')
    const runs = await openedRuns(platform.client, live.studyId)
    expect(runs).toHaveLength(1)
    expect(numbersOf(runs[0]!)).toEqual(numbers(12))
    expect(runs[0]!.findings).toEqual([])
  })

  test('large records and files go as sealed objects', async () => {
    const live = await study()
    const { url } = await live.link()
    const frame = await takePart(page, url)
    await frame.evaluate(async () => {
      const { cloister } = window as unknown as { cloister: Cloister }
      const noise = Array.from({ length: 3 }, () =>
        Array.from(crypto.getRandomValues(new Uint8Array(60_000)), (b) => b.toString(16)).join(''),
      ).join('')
      await cloister.record({ n: 1, big: noise })
      await cloister.file('drawing.png', new Blob([new Uint8Array([1, 2, 3])], { type: 'image/png' }))
      await cloister.record({ n: 2 })
    })
    // A large record comes back from the device too.
    await page.reload()
    const again = await takePart(page, url)
    expect(
      await again.evaluate(() =>
        (window as unknown as { begun: { resume: { finished: { big?: string }[] } } }).begun.resume.finished.map(
          (r) => (r.big?.length ?? 0) > 100_000,
        ),
      ),
    ).toEqual([true, false])
    await finish(again)
    await inState(page, 'finished')
    const [run] = await openedRuns(platform.client, live.studyId)
    expect(run!.row.state).toBe('completed')
    expect(numbersOf(run!)).toEqual([1, 2])
    expect(String(run!.trials[0]!.data.get('big')).length).toBeGreaterThan(100_000)
    expect(run!.files.map((f) => [f.name.slice(6), f.type, [...f.bytes]])).toEqual([
      ['drawing.png', 'image/png', [1, 2, 3]],
    ])
  })

  test('ending the study deletes its data here and on the server', async () => {
    const live = await study({ redirectHosts: ['example.org'] })
    const { url } = await live.link({ abortUrl: 'https://example.org/left?state={state}' })
    const frame = await takePart(page, url)
    await record(frame, 1, 5)
    await abort(frame)
    await inState(page, 'aborted')
    expect(await page.getAttribute('.actions a', 'href')).toBe('https://example.org/left?state=aborted')
    const { items } = await platform.client.runs.list({ params: { studyId: live.studyId }, query: {} })
    expect(items).toMatchObject([{ state: 'aborted', received: 0, bytes: 0 }])
    expect(await kept(page)).toMatchObject({ records: 0, objects: 0, checkpoints: 0 })
    await page.reload()
    await inState(page, 'aborted')
  })

  test('a personal link can be used again after its end, a general one cannot', async () => {
    const live = await study()
    for (const [kind, runs] of [
      ['general', 1],
      ['personal', 2],
    ] as const) {
      const { url, code } = await live.link({ kind, ...(kind === 'personal' ? { outsideId: 'somebody' } : {}) })
      await finish(await takePart(page, url))
      await inState(page, 'finished')
      await page.reload()
      await inState(page, 'finished')
      expect(await page.locator('text=Take part again').count()).toBe(runs - 1)
      if (kind === 'general') continue
      await page.click('text=Take part again')
      await inState(page, 'ready')
      await page.click('.actions button')
      await page.waitForFunction(() => document.getElementById('app')?.hidden === true)
      const { items } = await platform.client.runs.list({ params: { studyId: live.studyId }, query: {} })
      expect(items.filter((r) => r.link === code)).toHaveLength(runs)
    }
  })

  test('two people with their own ids in one browser are two runs', async () => {
    const live = await study()
    const { url } = await live.link({ outsideIdParameter: 'PID' })
    for (const id of ['first', 'second']) {
      const frame = await takePart(page, `${url}?PID=${id}`)
      await record(frame, 1, 3)
      await finish(frame)
      await inState(page, 'finished')
    }
    await page.goto(`${url}?PID=first`)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, live.studyId)).map(numbersOf)).toEqual([numbers(3), numbers(3)])
  })
})

describe('the receipt', () => {
  test('names the run, can be kept, and withdraws it', async () => {
    const live = await study()
    const { url } = await live.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 5)
    await finish(frame)
    await inState(page, 'finished')
    const [run] = await openedRuns(platform.client, live.studyId)
    const codes = await page.locator('.receipt .code').allTextContents()
    expect(`run_${codes[0]!.replaceAll('-', '')}`).toBe(run!.row.runId)
    // Session, five rows and the end.
    expect(await page.textContent('.receipt dl')).toMatch(/Sent7 records, [\d.]+ kB/)
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=Save as file')])
    const text = readFileSync((await file.path())!, 'utf8')
    for (const code of codes) expect(text).toContain(code)
    expect(await kept(page)).toMatchObject({ runs: 1, records: 0, objects: 0, checkpoints: 0 })
    await page.reload()
    await inState(page, 'finished')
    await page.click('.how a')
    await inState(page, 'withdraw')
    expect(page.url()).toBe(`${platform.origin}/withdraw`)
    await page.fill('#withdrawal-code', 'aaaa-aaaa-aaaa-aaaa')
    await page.click('form button')
    await page.waitForSelector('.problem:has-text("no run with these two codes")')
    await page.fill('#withdrawal-code', codes[1]!.toUpperCase())
    await page.click('form button')
    await inState(page, 'withdrawn')
    expect((await platform.client.runs.list({ params: { studyId: live.studyId }, query: {} })).items).toMatchObject([
      { state: 'withdrawn', bytes: 0 },
    ])
    await page.goto(url)
    await inState(page, 'withdrawn')
  })
})
