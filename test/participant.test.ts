/** The participant page in a real browser against the real host: from a link to a receipt, and everything that can come between. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildWeb } from '../tools/build-web.ts'
import type { Cloister } from '../web/study/client.ts'
import { finish, inState, launch, type LiveStudy, numbersOf, openedRuns, Platform, record, studyFrame, takePart, webStudy } from './participant-support.ts'

const platform = new Platform(4620)
let browser: Browser
let context: BrowserContext
let page: Page
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)
const study = (o?: Parameters<typeof webStudy>[2]): Promise<LiveStudy> => webStudy(platform.client, platform.organisationId, o)

beforeAll(async () => {
  await buildWeb(() => undefined, ['participant', 'study'])
  await platform.start()
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await platform.close()
})
beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-GB' })
  page = await context.newPage()
})
afterEach(async () => { await context.close() })

describe('taking part', () => {
  test('from the link to the receipt: sealed, complete, with what the address carried', async () => {
    const s = await study({ configuration: { conditions: [{ name: 'only', colour: 'red' }] }, redirectHosts: ['app.prolific.com'] })
    const { url } = await s.link({ outsideIdParameter: 'PID', completionUrl: 'https://app.prolific.com/done?pid={outsideId}&src={parameter:src}&run={runId}' })
    const sent: string[] = []
    page.on('request', (r) => sent.push(r.url() + (r.postData() ?? '')))
    await page.goto(`${url}?PID=prolific-7&src=flyer`)
    await inState(page, 'ready')
    expect(await page.textContent('.study')).toMatch(/^Reaction times/)
    const frame = await takePart(page, page.url())
    expect(await frame.evaluate(() => (window as unknown as { begun: unknown }).begun)).toMatchObject({ condition: 'only', variables: { colour: 'red' }, parameters: { src: 'flyer' }, language: 'en', resume: { finished: [] } })
    await record(frame, 1, 30)
    await finish(frame)
    await inState(page, 'finished')
    expect(page.url()).toContain('/p/')
    const [run] = await openedRuns(platform.client, s.studyId)
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
    for (const marker of ['marker-', 'flyer']) expect(requests.filter((r) => r.includes(marker)), marker).toEqual([])
    expect(sent.every((r) => r.startsWith(platform.origin) || r.startsWith(`http://localhost:${platform.port}/`))).toBe(true)
  })

  test('a reload goes on at the last record and gives back the checkpoint', async () => {
    const s = await study()
    const { url } = await s.link()
    let frame = await takePart(page, url)
    await record(frame, 1, 7)
    await frame.evaluate(() => (window as unknown as { cloister: Cloister }).cloister.checkpoint({ block: 2 }))
    await frame.evaluate(() => (window as unknown as { cloister: Cloister }).cloister.replace('form', { n: 8, draft: 1 }))
    await frame.evaluate(() => (window as unknown as { cloister: Cloister }).cloister.replace('form', { n: 8, draft: 2 }))
    await page.reload()
    await inState(page, 'resuming')
    frame = await takePart(page, url)
    const { resume } = await frame.evaluate(() => (window as unknown as { begun: { resume: { finished: Record<string, unknown>[]; checkpoint: unknown } } }).begun)
    expect(resume.finished.map((r) => r['n'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(resume.finished.at(-1)).toMatchObject({ draft: 2 })
    expect(resume.checkpoint).toEqual({ block: 2 })
    await record(frame, 9, 12)
    await finish(frame)
    await inState(page, 'finished')
    const runs = await openedRuns(platform.client, s.studyId)
    expect(runs).toHaveLength(1)
    expect(numbersOf(runs[0]!)).toEqual(numbers(12))
    expect(runs[0]!.findings).toEqual([])
  })

  test('large records and files go as sealed objects', async () => {
    const s = await study()
    const { url } = await s.link()
    const frame = await takePart(page, url)
    await frame.evaluate(async () => {
      const { cloister } = window as unknown as { cloister: Cloister }
      const noise = Array.from({ length: 3 }, () => Array.from(crypto.getRandomValues(new Uint8Array(60_000)), (b) => b.toString(16)).join('')).join('')
      await cloister.record({ n: 1, big: noise })
      await cloister.file('drawing.png', new Blob([new Uint8Array([1, 2, 3])], { type: 'image/png' }))
      await cloister.record({ n: 2 })
    })
    // A large record comes back from the device too.
    await page.reload()
    const again = await takePart(page, url)
    expect(await again.evaluate(() => (window as unknown as { begun: { resume: { finished: { big?: string }[] } } }).begun.resume.finished.map((r) => (r.big?.length ?? 0) > 100_000))).toEqual([true, false])
    await finish(again)
    await inState(page, 'finished')
    const [run] = await openedRuns(platform.client, s.studyId)
    expect(run!.row.state).toBe('completed')
    expect(numbersOf(run!)).toEqual([1, 2])
    expect(String(run!.trials[0]!.data.get('big')).length).toBeGreaterThan(100_000)
    expect(run!.files.map((f) => [f.name.slice(6), f.type, [...f.bytes]])).toEqual([['drawing.png', 'image/png', [1, 2, 3]]])
  })

  test('ending the study deletes its data here and on the server', async () => {
    const s = await study({ redirectHosts: ['example.org'] })
    const { url } = await s.link({ abortUrl: 'https://example.org/left?state={state}' })
    const frame = await takePart(page, url)
    await record(frame, 1, 5)
    await frame.evaluate(() => { void (window as unknown as { cloister: Cloister }).cloister.abort('no time') })
    await inState(page, 'aborted')
    expect(await page.getAttribute('.actions a', 'href')).toBe('https://example.org/left?state=aborted')
    const { items } = await platform.client.runs.list({ params: { studyId: s.studyId }, query: {} })
    expect(items).toMatchObject([{ state: 'aborted', received: 0, bytes: 0 }])
    expect(await kept(page)).toMatchObject({ records: 0, objects: 0, checkpoints: 0 })
    await page.reload()
    await inState(page, 'aborted')
  })

  test('two people with their own ids in one browser are two runs', async () => {
    const s = await study()
    const { url } = await s.link({ outsideIdParameter: 'PID' })
    for (const id of ['first', 'second']) {
      const frame = await takePart(page, `${url}?PID=${id}`)
      await record(frame, 1, 3)
      await finish(frame)
      await inState(page, 'finished')
    }
    await page.goto(`${url}?PID=first`)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, s.studyId)).map(numbersOf)).toEqual([numbers(3), numbers(3)])
  })
})

/** How many items each store of this browser holds. */
const kept = (p: Page): Promise<Record<string, number>> => p.evaluate(async () => {
  const db = await new Promise<IDBDatabase>((resolve) => { const o = indexedDB.open('cloister-participant'); o.onsuccess = () => resolve(o.result) })
  const out: Record<string, number> = {}
  for (const name of db.objectStoreNames) out[name] = await new Promise((resolve) => { const c = db.transaction(name).objectStore(name).count(); c.onsuccess = () => resolve(c.result) })
  db.close()
  return out
})

describe('without a connection', () => {
  test('says so, keeps everything, and sends it by itself', async () => {
    const s = await study()
    const { url } = await s.link()
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
    const sealed = JSON.parse((await import('node:fs')).readFileSync((await file.path())!, 'utf8')) as { records: { jwe: string }[]; wrappedKey: string }
    expect(sealed.records.length).toBeGreaterThanOrEqual(8)
    expect(JSON.stringify(sealed)).not.toContain('marker-')
    await context.setOffline(false)
    await inState(page, 'finished')
    const [run] = await openedRuns(platform.client, s.studyId)
    expect(numbersOf(run!)).toEqual(numbers(10))
    expect(run!.row).toMatchObject({ state: 'completed', conflicts: 0 })
  })

  test('what a closed tab left is sent on a visit to any page of this origin', async () => {
    const s = await study()
    const { url } = await s.link()
    const frame = await takePart(page, url)
    await context.setOffline(true)
    await record(frame, 1, 6)
    await finish(frame)
    await inState(page, 'offline')
    await page.close()
    await context.setOffline(false)
    page = await context.newPage()
    await page.goto(`${platform.origin}/withdraw`)
    await expect.poll(async () => (await openedRuns(platform.client, s.studyId)).map((r) => [r.row.state, ...numbersOf(r)]), { timeout: 20_000 }).toEqual([['completed', ...numbers(6)]])
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
    await page.addInitScript(() => { Object.defineProperty(globalThis, 'indexedDB', { value: { open: () => { throw new Error('no') } } }) })
    const s = await study()
    const frame = await takePart(page, (await s.link()).url)
    await page.waitForSelector('#badge')
    expect(await page.textContent('#badge')).toContain('do not reload')
    await record(frame, 1, 4)
    await finish(frame)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, s.studyId)).map(numbersOf)).toEqual([numbers(4)])
  })

  test('a full disk is said, and nothing is lost while the page is open', async () => {
    const s = await study()
    const frame = await takePart(page, (await s.link()).url)
    await page.evaluate(() => {
      const put = IDBObjectStore.prototype.put
      IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...a: [unknown]) {
        if (this.name === 'records') throw new DOMException('full', 'QuotaExceededError')
        return put.apply(this, a)
      }
    })
    await record(frame, 1, 4)
    expect(await page.textContent('#badge')).toContain('storage is full')
    await finish(frame)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, s.studyId)).map(numbersOf)).toEqual([numbers(4)])
  })
})

describe('two tabs', () => {
  test('only one runs the study; the other can take it over where it is', async () => {
    const s = await study()
    const { url } = await s.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 5)
    const other = await context.newPage()
    await other.goto(url)
    await inState(other, 'elsewhere')
    await other.click('.actions button')
    await inState(page, 'moved')
    await inState(other, 'resuming')
    const second = await takePart2(other)
    await record(second, 6, 9)
    await finish(second)
    await inState(other, 'finished')
    const runs = await openedRuns(platform.client, s.studyId)
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
const takePart2 = async (p: Page) => {
  await p.click('.actions button')
  return studyFrame(p)
}

describe('the server’s word', () => {
  test('a run that was withdrawn elsewhere ends here, and nothing of it stays', async () => {
    const s = await study()
    const frame = await takePart(page, (await s.link()).url)
    await record(frame, 1, 3)
    const { items } = await platform.client.runs.list({ params: { studyId: s.studyId }, query: {} })
    await platform.client.runs.withdrawRun({ params: { runId: items[0]!.runId }, body: { reason: 'asked by telephone' } })
    await record(frame, 4, 4)
    await inState(page, 'withdrawn')
    expect(await kept(page)).toMatchObject({ records: 0 })
  })

  test('records of other bytes under the same numbers are neither overwritten nor sent for ever', async () => {
    const s = await study()
    const frame = await takePart(page, (await s.link()).url)
    await record(frame, 1, 2)
    await expect.poll(async () => (await openedRuns(platform.client, s.studyId)).map(numbersOf)).toEqual([[1, 2]])
    // A second sender with the same run: what an attacker on this device, or a copied profile, would do.
    const requests: number[] = []
    page.on('response', (r) => { if (r.url().endsWith('/records') && r.request().method() === 'POST') requests.push(r.status()) })
    await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => { const o = indexedDB.open('cloister-participant'); o.onsuccess = () => resolve(o.result) })
      const run = await new Promise<{ runId: string; token: string; key: CryptoKey }>((resolve) => { const g = db.transaction('runs').objectStore('runs').getAll(); g.onsuccess = () => resolve(g.result[0]) })
      const b64 = (s: string): string => btoa(s).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
      const jwe = `${b64(JSON.stringify({ alg: 'dir', enc: 'A256GCM', run: run.runId, seq: 4, op: 'append', part: 'main' }))}..${b64('0123456789ab')}.${b64('other')}.${b64('0123456789abcdef')}`
      await fetch(`/api/runs/${run.runId}/records`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${run.token}` }, body: JSON.stringify({ first: 4, produced: 4, records: [{ op: 'append', part: 'main', jwe }] }) })
    })
    requests.length = 0
    await record(frame, 3, 6)
    const { items } = await platform.client.runs.list({ params: { studyId: s.studyId }, query: {} })
    await expect.poll(async () => (await platform.client.runs.run({ params: { runId: items[0]!.runId } })).received, { timeout: 20_000 }).toBe(7)
    expect(requests.filter((r) => r === 409).length).toBeLessThanOrEqual(2)
  })

  test('a token that is no longer valid is asked for again', async () => {
    const s = await study()
    const { url } = await s.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 2)
    await page.reload()
    await inState(page, 'resuming')
    await page.close()
    page = await context.newPage()
    await page.goto(`${platform.origin}/withdraw`)
    await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => { const o = indexedDB.open('cloister-participant'); o.onsuccess = () => resolve(o.result) })
      const store = db.transaction('runs', 'readwrite').objectStore('runs')
      const run = await new Promise<{ token: string }>((resolve) => { const g = store.getAll(); g.onsuccess = () => resolve(g.result[0]) })
      await new Promise((resolve) => { const p = store.put({ ...run, token: 'x'.repeat(43) }); p.onsuccess = resolve })
      db.close()
    })
    const again = await takePart(page, url)
    await record(again, 3, 4)
    await finish(again)
    await inState(page, 'finished')
    expect((await openedRuns(platform.client, s.studyId)).map(numbersOf)).toEqual([numbers(4)])
  })
})

describe('the receipt', () => {
  test('names the run, can be kept, and withdraws it', async () => {
    const s = await study()
    const { url } = await s.link()
    const frame = await takePart(page, url)
    await record(frame, 1, 5)
    await finish(frame)
    await inState(page, 'finished')
    const [run] = await openedRuns(platform.client, s.studyId)
    const codes = await page.locator('.receipt .code').allTextContents()
    expect(`run_${codes[0]!.replaceAll('-', '')}`).toBe(run!.row.runId)
    // Session, five rows and the end.
    expect(await page.textContent('.receipt dl')).toMatch(/Sent7 records, [\d.]+ kB/)
    const [file] = await Promise.all([page.waitForEvent('download'), page.click('text=Save as file')])
    const text = (await import('node:fs')).readFileSync((await file.path())!, 'utf8')
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
    expect((await platform.client.runs.list({ params: { studyId: s.studyId }, query: {} })).items).toMatchObject([{ state: 'withdrawn', bytes: 0 }])
    await page.goto(url)
    await inState(page, 'withdrawn')
  })
})
