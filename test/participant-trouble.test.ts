/**
 * The participant page in a real browser against the real host: what comes between a link and a receipt: no connection,
 * no storage, two tabs, a server that refuses.
 */
import { readFileSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stage } from './participant-stage.ts'
import {
  finish,
  inState,
  kept,
  numbers,
  numbersOf,
  openedRuns,
  record,
  studyFrame,
  takePart,
} from './participant-support.ts'

const { platform, browser, study } = stage(4624)
let context: BrowserContext
let page: Page

beforeEach(async () => {
  context = await browser().newContext({ locale: 'en-GB' })
  page = await context.newPage()
})
afterEach(async () => {
  await context.close()
})

describe('without a connection', () => {
  test('says so, keeps everything, and sends it by itself', async () => {
    const live = await study()
    const { url } = await live.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 3)
    await context.setOffline(true)
    await record(frame, 4, 10)
    await page.waitForSelector('#badge')
    expect(await page.textContent('#badge')).toMatch(/No connection\. Answers kept on this device: \d+/)
    await finish(frame)
    await inState(page, 'offline')
    expect(await page.textContent('.note')).toMatch(/Still to send: \d+/)
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('.actions button')])
    const sealed = JSON.parse(readFileSync((await file.path())!, 'utf8')) as {
      records: { jwe: string }[]
      wrappedKey: string
    }
    expect(sealed.records.length).toBeGreaterThanOrEqual(8)
    expect(JSON.stringify(sealed)).not.toContain('marker-')
    await context.setOffline(false)
    await inState(page, 'finished')
    const [run] = await openedRuns(platform.client, live.studyId)
    expect(numbersOf(run!)).toEqual(numbers(10))
    expect(run!.row).toMatchObject({ state: 'completed', conflicts: 0 })
  })

  test('what a closed tab left is sent on a visit to any page of this origin', async () => {
    const live = await study()
    const { url } = await live.link()
    const frame = await takePart(page, url)
    await context.setOffline(true)
    await record(frame, 1, 6)
    await finish(frame)
    await inState(page, 'offline')
    await page.close()
    await context.setOffline(false)
    page = await context.newPage()
    await page.goto(`${platform.origin}/withdraw`)
    await expect
      .poll(async () => (await openedRuns(platform.client, live.studyId)).map((r) => [r.row.state, ...numbersOf(r)]), {
        timeout: 20_000,
      })
      .toEqual([['completed', ...numbers(6)]])
    await page.goto(url)
    await inState(page, 'finished')
  })

  test('at the start it tries again by itself', async () => {
    const { url } = await (await study()).link()
    await page.route('**/api/**', (r) => r.abort())
    await page.goto(url)
    await inState(page, 'unreachable')
    await page.unroute('**/api/**')
    await inState(page, 'ready')
  })

  test('without a database it works in memory and says what a reload would do', async () => {
    await page.addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', {
        value: {
          open: () => {
            throw new Error('no')
          },
        },
      })
    })
    const live = await study()
    const frame = await takePart(page, (await live.link()).url)
    await page.waitForSelector('#badge')
    expect(await page.textContent('#badge')).toContain('do not reload')
    await record(frame, 1, 4)
    await finish(frame)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, live.studyId)).map(numbersOf)).toEqual([numbers(4)])
  })

  test('a full disk is said, and nothing is lost while the page is open', async () => {
    const live = await study()
    const frame = await takePart(page, (await live.link()).url)
    await page.evaluate(() => {
      const put = IDBObjectStore.prototype.put
      IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: [unknown]) {
        if (this.name === 'records') throw new DOMException('full', 'QuotaExceededError')
        return put.apply(this, args)
      }
    })
    await record(frame, 1, 4)
    expect(await page.textContent('#badge')).toContain('storage is full')
    await finish(frame)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, live.studyId)).map(numbersOf)).toEqual([numbers(4)])
  })
})

describe('two tabs', () => {
  test('only one runs the study; the other can take it over where it is', async () => {
    const live = await study()
    const { url } = await live.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 5)
    const other = await context.newPage()
    await other.goto(url)
    await inState(other, 'elsewhere')
    await other.click('.actions button')
    await inState(page, 'moved')
    await inState(other, 'resuming')
    await other.click('.actions button')
    const second = await studyFrame(other)
    await record(second, 6, 9)
    await finish(second)
    await inState(other, 'finished')
    const runs = await openedRuns(platform.client, live.studyId)
    expect(runs.map(numbersOf)).toEqual([numbers(9)])
    expect(runs[0]!.row.conflicts).toBe(0)
  })

  test('closing the first tab lets the second go on by itself', async () => {
    const { url } = await (await study()).link()
    await takePart(page, url)
    const other = await context.newPage()
    await other.goto(url)
    await inState(other, 'elsewhere')
    await page.close()
    await inState(other, 'resuming')
    page = other
  })
})
describe('the server’s word', () => {
  test('a run that was withdrawn elsewhere ends here, and nothing of it stays', async () => {
    const live = await study()
    const frame = await takePart(page, (await live.link()).url)
    await record(frame, 1, 3)
    const { items } = await platform.client.runs.list({ params: { studyId: live.studyId }, query: {} })
    await platform.client.runs.withdrawRun({
      params: { runId: items[0]!.runId },
      body: { reason: 'asked by telephone' },
    })
    // The frame may be gone before its record is answered.
    await record(frame, 4, 4).catch(() => undefined)
    await inState(page, 'withdrawn')
    expect(await kept(page)).toMatchObject({ records: 0 })
  })

  test('records of other bytes under the same numbers are neither overwritten nor sent for ever', async () => {
    const live = await study()
    const frame = await takePart(page, (await live.link()).url)
    await record(frame, 1, 2)
    await expect.poll(async () => (await openedRuns(platform.client, live.studyId)).map(numbersOf)).toEqual([[1, 2]])
    // A second sender with the same run: what an attacker on this device, or a copied profile, would do.
    const requests: number[] = []
    page.on('response', (response) => {
      if (response.url().endsWith('/records') && response.request().method() === 'POST')
        requests.push(response.status())
    })
    await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open('cloister-participant')
        opening.onsuccess = () => resolve(opening.result)
      })
      const run = await new Promise<{ runId: string; token: string; key: CryptoKey }>((resolve) => {
        const all = db.transaction('runs').objectStore('runs').getAll()
        all.onsuccess = () => resolve(all.result[0])
      })
      const b64 = (s: string): string => btoa(s).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
      const jwe = `${b64(JSON.stringify({ alg: 'dir', enc: 'A256GCM', run: run.runId, seq: 4, op: 'append', part: 'main' }))}..${b64('0123456789ab')}.${b64('other')}.${b64('0123456789abcdef')}`
      await fetch(`/api/runs/${run.runId}/records`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${run.token}` },
        body: JSON.stringify({ first: 4, produced: 4, records: [{ op: 'append', part: 'main', jwe }] }),
      })
    })
    requests.length = 0
    await record(frame, 3, 6)
    const { items } = await platform.client.runs.list({ params: { studyId: live.studyId }, query: {} })
    await expect
      .poll(async () => (await platform.client.runs.run({ params: { runId: items[0]!.runId } })).received, {
        timeout: 20_000,
      })
      .toBe(7)
    expect(requests.filter((r) => r === 409).length).toBeLessThanOrEqual(2)
  })

  test('an end that was stored but not counted is sent once more', async () => {
    const live = await study()
    const { url } = await live.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 2)
    let ends = 0
    // As if the server had stopped right after storing the end: it is stored, but neither this answer nor a count says
    // that the run is over.
    await page.route('**/records', async (route) => {
      const isEnd = route.request().postData()?.includes('"op":"end"') ?? false
      if (isEnd) ends++
      const answer = await route.fetch()
      const { finish: _, ...standing } = (await answer.json()) as { state: string; finish?: unknown }
      await route.fulfill(
        isEnd && ends > 1 ? { response: answer } : { response: answer, json: { ...standing, state: 'live' } },
      )
    })
    await finish(frame)
    await inState(page, 'finished')
    expect(await page.locator('.receipt .code').count()).toBe(2)
    expect(ends).toBe(2)
    expect(
      (await openedRuns(platform.client, live.studyId)).map((r) => [r.row.state, r.row.conflicts, ...numbersOf(r)]),
    ).toEqual([['completed', 0, 1, 2]])
  })

  test('a token that is no longer valid is asked for again', async () => {
    const live = await study()
    const { url } = await live.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 2)
    await page.reload()
    await inState(page, 'resuming')
    await page.close()
    page = await context.newPage()
    await page.goto(`${platform.origin}/withdraw`)
    await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const opening = indexedDB.open('cloister-participant')
        opening.onsuccess = () => resolve(opening.result)
      })
      const store = db.transaction('runs', 'readwrite').objectStore('runs')
      const run = await new Promise<{ token: string }>((resolve) => {
        const all = store.getAll()
        all.onsuccess = () => resolve(all.result[0])
      })
      await new Promise((resolve) => {
        const put = store.put({ ...run, token: 'x'.repeat(43) })
        put.onsuccess = resolve
      })
      db.close()
    })
    const again = await takePart(page, url)
    await record(again, 3, 4)
    await finish(again)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, live.studyId)).map(numbersOf)).toEqual([numbers(4)])
  })
})
