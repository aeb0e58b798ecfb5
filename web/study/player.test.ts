/** The built player in real Chromium: sandboxed on an origin of its own, played with real keys. */
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Frame, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { studyCsp, studyHeaders, studySandbox } from '../../contracts/headers.ts'
import { launchBrowser } from '../../tools/browser.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const port = 4610
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}
/** The part of a participant page: keeps what it acknowledges in sessionStorage, so that it survives a reload. */
const harness = `<!doctype html><title>page</title><iframe style="border:0;position:fixed;inset:0;width:100%;height:100%" sandbox="${studySandbox}" allow="fullscreen *; autoplay *"></iframe><script>
const frame = document.querySelector('iframe'), kept = JSON.parse(sessionStorage.kept ?? '{"records":[],"ids":[],"begins":0}')
window.kept = kept; window.notices = []; window.failed = undefined
const keep = () => { sessionStorage.kept = JSON.stringify(kept) }
addEventListener('message', (event) => {
  if (event.source !== frame.contentWindow || event.data?.cloister !== 1 || event.origin !== 'null') return
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => {
    if (!('id' in data)) { notices.push(data); return }
    if (data.type === 'record') kept.records.push(data.data)
    if (data.type === 'checkpoint') kept.checkpoint = data.data
    if (data.type === 'finish') kept.finished = true
    if (data.type === 'record' && data.data.refuse) { port1.postMessage({ id: data.id, error: 'refused' }); return }
    keep(); port1.postMessage({ id: data.id, ok: true })
  }
  kept.begins++; keep()
  frame.contentWindow.postMessage({ cloister: 1, begin: { ...study.begin, finished: kept.records, checkpoint: kept.checkpoint } }, '*', [port2])
  frame.focus()
})
let study
fetch('/begin' + location.search).then((a) => a.json()).then((s) => { study = s; frame.src = s.src })
</script>`

let server: Server
let browser: Browser

async function begin(name: string): Promise<unknown> {
  const { configuration } = JSON.parse(await readFile(join(root, 'examples', name, 'study.json'), 'utf8')) as {
    configuration: { kind: string; entry?: string; conditions?: { name: string }[] }
  }
  const { name: condition = '', ...variables } = configuration.conditions?.[0] ?? { name: '' }
  const assetsBase = `http://localhost:${port}/s/${name}/`
  return {
    src: configuration.kind === 'web' ? assetsBase + configuration.entry : `http://localhost:${port}/player/index.html`,
    begin: {
      kind: configuration.kind,
      configuration,
      assetsBase,
      condition,
      variables,
      seed: 20_260,
      parameters: { PROLIFIC_PID: 'p1' },
      finished: [],
      language: 'en',
    },
  }
}

beforeAll(async () => {
  await build({
    configFile: join(root, 'web/study/vite.config.ts'),
    logLevel: 'error',
    build: { outDir: join(root, 'node_modules/.cache/study-player-test'), emptyOutDir: true },
  })
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x')
    const main = request.headers.host?.startsWith('127.0.0.1')
    const answer = (body: string | Buffer, type: string): void =>
      void response
        .writeHead(200, {
          'content-type': type,
          ...(main
            ? {}
            : {
                ...studyHeaders,
                'content-security-policy': studyCsp({
                  studyOrigin: `http://localhost:${port}`,
                  mainOrigin: `http://127.0.0.1:${port}`,
                }),
              }),
        })
        .end(body)
    const study = /^\/s\/([a-z-]+)\/(.+)$/.exec(url.pathname)
    const built = 'node_modules/.cache/study-player-test'
    const ofStudy = (name: string, path: string): string =>
      path === 'cloister.js' ? `${built}/cloister.js` : join('examples', name, normalize(path))
    const file = study ? ofStudy(study[1]!, study[2]!) : `${built}${url.pathname}`
    if (main && url.pathname === '/') answer(harness, 'text/html')
    else if (main && url.pathname !== '/begin') response.writeHead(404).end()
    else if (main)
      void begin(url.searchParams.get('study') ?? '').then((b) => answer(JSON.stringify(b), 'application/json'))
    else
      void readFile(join(root, file)).then(
        (bytes) => answer(bytes, types[extname(file)] ?? 'application/octet-stream'),
        () => response.writeHead(404).end(),
      )
  }).listen(port)
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  server?.close()
})

interface Kept {
  records: Record<string, unknown>[]
  finished?: boolean
  begins: number
}
const kept = (page: Page): Promise<Kept> => page.evaluate('kept')
const studyFrame = async (page: Page): Promise<Frame> => {
  await page.waitForFunction("document.querySelector('iframe').src !== ''")
  const handle = await page.$('iframe')
  return (await handle?.contentFrame()) as Frame
}

/**
 * Answers the flanker by what stands on the screen until `until` records are kept; every tenth answer is wrong on
 * purpose.
 */
async function answerFlanker(page: Page, frame: Frame, until: number): Promise<void> {
  for (let n = (await kept(page)).records.length; n < until; n++) {
    await frame.waitForFunction(
      () => /^[<>]{5}$/.test(document.querySelector('.flanker')?.textContent ?? ''),
      undefined,
      { polling: 'raf' },
    )
    const middle = await frame.evaluate(() => document.querySelector('.flanker')?.textContent?.[2])
    const right = middle === '<' ? 'f' : 'j'
    const wrong = right === 'f' ? 'j' : 'f'
    await page.keyboard.press(n % 10 === 9 ? wrong : right)
    await page.waitForFunction(`kept.records.length > ${n}`)
  }
}

describe('the player', () => {
  it('plays the flanker with real keys, resumes after a reload at trial 40 and leaves 100 right records', async () => {
    const page = await browser.newPage()
    const elsewhere: string[] = []
    page.on('request', (request) => {
      if (!/^(http:\/\/(127\.0\.0\.1|localhost):4610\/|data:|blob:)/.test(request.url())) elsewhere.push(request.url())
    })
    await page.goto(`http://127.0.0.1:${port}/?study=flanker`)
    let frame = await studyFrame(page)
    await frame.waitForSelector('img[src="images/keys.svg"]')
    expect(await frame.evaluate(() => [globalThis.origin, document.querySelector('img')?.naturalWidth !== 0])).toEqual([
      'null',
      true,
    ])
    await page.keyboard.press('Enter')
    await answerFlanker(page, frame, 40)
    const before = (await kept(page)).records

    await page.reload()
    frame = await studyFrame(page)
    await answerFlanker(page, frame, 100)
    await page.waitForFunction('kept.finished === true')
    const { records, begins } = await kept(page)
    expect(begins).toBe(2)
    expect(records).toHaveLength(100)
    expect(records.slice(0, 40)).toEqual(before)
    for (const [index, record] of records.entries()) {
      expect(record).toMatchObject({
        task: 'flanker',
        part: 'flanker',
        trial_type: 'html-keyboard-response',
        trial_index: 2 * index + 2,
        correct: index % 10 !== 9,
      })
      expect(record.rt).toBeGreaterThan(0)
      expect(record.response === record.correct_response).toBe(record.correct)
    }
    // 25 of each of the four displays, across the reload
    const counts = Map.groupBy(records, (r) => String(r.stimulus))
    expect([...counts.values()].map((v) => v.length)).toEqual([25, 25, 25, 25])
    expect(elsewhere).toEqual([])
    const notices = await page.evaluate<{ type: string; position?: number; done?: number; total?: number }[]>('notices')
    expect(notices.filter((n) => n.type === 'loading').at(-1)).toEqual({ type: 'loading', done: 1, total: 1 })
    expect(notices.filter((n) => n.type === 'trial').at(-1)?.position).toBe(100)
    await page.close()
  }, 240_000)

  it('shows images and takes a survey with a conditional question on a phone', async () => {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true })
    await page.goto(`http://127.0.0.1:${port}/?study=survey-images`)
    const frame = await studyFrame(page)
    await frame.click('#jspsych-instructions-next')
    for (let i = 0; i < 4; i++) {
      await page.waitForFunction(`kept.records.length === ${i + 1}`)
      await frame.waitForSelector('canvas, img')
      expect(await frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
      await frame.tap('button:has-text("Quite")')
    }
    await frame.check('input[value="City"]')
    await frame.click('input[type=submit]')
    await frame.fill('textarea', 'Trams')
    await frame.click('input[type=submit]')
    await frame.check('input[type=radio] >> nth=4')
    await frame.click('input[type=submit]')
    await page.waitForFunction('kept.finished === true')
    const { records } = await kept(page)
    expect(records.map((r) => r.part)).toEqual([
      'welcome',
      'pictures',
      'pictures',
      'pictures',
      'pictures',
      'favourite',
      'why the city',
      'about you',
    ])
    expect(
      records
        .slice(1, 5)
        .map((r) => (r.timeline_variables as { place: string }).place)
        .sort(),
    ).toEqual(['city', 'forest', 'harbour', 'meadow'])
    expect(records[6]?.response).toEqual({ city: 'Trams' })
    await page.close()
  })
})

describe('cloister.js', () => {
  it('records a plain web study and resumes it', async () => {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/?study=web-study`)
    let frame = await studyFrame(page)
    for (let i = 0; i < 4; i++) {
      await frame.click('#target')
      await page.waitForFunction(`kept.records.length === ${i + 1}`)
    }
    expect(
      await frame.evaluate(() => {
        localStorage.setItem('a', '1')
        sessionStorage.b = '2'
        return [
          localStorage.getItem('a'),
          sessionStorage.getItem('b'),
          localStorage.length,
          Object.keys(sessionStorage),
        ]
      }),
    ).toEqual(['1', '2', 1, ['b']])
    await page.reload()
    frame = await studyFrame(page)
    for (let i = 4; i < 10; i++) {
      await frame.click('#target')
      await page.waitForFunction(`kept.records.length === ${i + 1}`)
    }
    await page.waitForFunction('kept.finished === true')
    expect((await kept(page)).records.map((r) => r.trial)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    await page.close()
  })

  it('passes on the page’s refusal', async () => {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/?study=web-study`)
    const frame = await studyFrame(page)
    await frame.waitForSelector('#target:not([hidden])')
    expect(
      await frame.evaluate(() =>
        (globalThis as unknown as { cloister: { record(d: object): Promise<void> } }).cloister
          .record({ refuse: true })
          .catch((e: Error) => e.message),
      ),
    ).toBe('refused')
    await page.close()
  })
})
