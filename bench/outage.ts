/**
 * What a participant's records survive: real Chromium, the real host in a process of its own that is killed with
 * SIGKILL and started again on its data, and a proxy between them for latency and lost replies. What is stored is
 * counted by opening the sealed results with their keys through the API. `--quick` runs a few rows and shortens the
 * waiting. `--rows a,b` runs only these. Prints last one line of JSON.
 */
import { parseArgs } from 'node:util'
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core'
import { freePort } from '../local/testing.ts'
import {
  finish,
  inState,
  type LiveStudy,
  numbersOf,
  openedRuns,
  Platform,
  studyFrame,
  takePart,
  webStudy,
} from '../test/participant-support.ts'
import { launchBrowser } from '../tools/browser.ts'
import { buildWeb } from '../tools/build-web.ts'
import { ensureChromium } from '../tools/chromium.ts'
import type { Cloister } from '../web/study/client.ts'
import { atMost, need, report } from './report.ts'
import { startProxy, type Weather } from './outage-proxy.ts'
import { eventually } from '../test/eventually.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rows: { type: 'string' },
  },
})
const quick = values.quick
const wanted = (values.rows ?? (quick ? 'submit of 100,400 ms latency,reload with 20' : '')).split(',')
const wait = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms))
const weather: Weather = { latencyMs: 0, lateEvery: 0, lateMs: undefined }

await need(ensureChromium)
const platform = new Platform(await freePort())
await buildWeb(undefined, ['participant', 'study'])
await platform.start()
const proxyPort = await freePort()
const proxy = await startProxy(proxyPort, weather)
const browser: Browser = await launchBrowser({
  proxy: { server: `http://127.0.0.1:${proxyPort}`, bypass: '<-loopback>' },
})

interface Scene {
  study: LiveStudy
  url: string
  context: BrowserContext
  page: Page
  frame: Frame
}
type Told = { bench?: { kept: number } }

/** Records rows `from` to `to`, one each `everyMs`, and counts in the page what the study was told is kept. */
const make = (frame: Frame, from: number, to: number, everyMs: number): Promise<void> =>
  frame.evaluate(
    async ([a, b, every]) => {
      const w = window as unknown as Told & { cloister: Cloister }
      const told = (w.bench ??= { kept: 0 })
      for (let n = a!; n <= b!; n++) {
        void w.cloister.record({ n, rt: 250 + ((n * 37) % 500), stimulus: '<<><<', correct: n % 7 !== 0 }).then(() => {
          told.kept++
        })
        if (every! > 0) await new Promise((r) => setTimeout(r, every!))
      }
    },
    [from, to, everyMs],
  )
const kept = (frame: Frame): Promise<number> => frame.evaluate(() => (window as unknown as Told).bench?.kept ?? 0)
const allKept = (frame: Frame, n: number): Promise<boolean> =>
  eventually('everything is kept on the device', async () => (await kept(frame)) >= n, { within: 120 })
async function outage(ms: number): Promise<void> {
  await platform.kill()
  await wait(ms)
  await platform.start()
}
async function ended(s: Scene): Promise<void> {
  await finish(s.frame)
  await inState(s.page, 'finished', 180_000)
}
const stored = async (s: Scene): Promise<number[]> =>
  (await openedRuns(platform.client, s.study.studyId)).flatMap(numbersOf)

interface Row {
  made: number
  acknowledged: number
  stored: number
  lost: number
  duplicated: number
  state: string
  seconds: number
}
/** Each row answers how many records the study made and how many it was told are kept. */
const rows: Record<string, (s: Scene) => Promise<{ made: number; acknowledged: number }>> = {
  async 'outage 6 s during 60 appends'(s) {
    const making = make(s.frame, 1, 60, quick ? 100 : 150)
    await wait(1500)
    await outage(6000)
    await making
    const acknowledged = await kept(s.frame)
    await ended(s)
    return { made: 60, acknowledged }
  },
  async 'outage 30 s during 60 appends'(s) {
    const making = make(s.frame, 1, 60, quick ? 100 : 500)
    await wait(1500)
    await outage(quick ? 10_000 : 30_000)
    await making
    const acknowledged = await kept(s.frame)
    await ended(s)
    return { made: 60, acknowledged }
  },
  async 'submit of 100 rows at the end, during an 8 s outage'(s) {
    await platform.kill()
    await make(s.frame, 1, 100, 0)
    await allKept(s.frame, 100)
    const done = ended(s)
    await wait(quick ? 1000 : 8000)
    await platform.start()
    await done
    return { made: 100, acknowledged: 100 }
  },
  async 'tab closed 250 ms after 20 appends, 100 ms latency'(s) {
    weather.latencyMs = 100
    await make(s.frame, 1, 20, 0)
    await wait(250)
    const acknowledged = await kept(s.frame)
    await s.page.close()
    // Not opened again: what the parting page sent has to be enough.
    await eventually('the parting requests have arrived', async () => (await stored(s)).length >= 20, {
      within: 15,
    }).catch(() => undefined)
    return { made: 20, acknowledged }
  },
  async 'tab closed at once after 20 appends, 400 ms latency'(s) {
    // The first request is still under way: the other records have only the parting requests.
    weather.latencyMs = 400
    await make(s.frame, 1, 20, 10)
    await allKept(s.frame, 20)
    await s.page.close()
    await eventually('the parting requests have arrived', async () => (await stored(s)).length >= 20, {
      within: 15,
    }).catch(() => undefined)
    return { made: 20, acknowledged: 20 }
  },
  async 'reload with 20 queued'(s) {
    weather.latencyMs = 100
    await make(s.frame, 1, 20, 0)
    await allKept(s.frame, 20)
    await s.page.reload()
    s.frame = await takePart(s.page, s.url)
    await ended(s)
    return { made: 20, acknowledged: 20 }
  },
  async 'one reply in ten later than the timeout, 40 appends'(s) {
    Object.assign(weather, { lateEvery: 10, lateMs: quick ? undefined : 21_000 })
    const before = proxy.late()
    for (let n = 1; n <= 40; n++) {
      const count = proxy.appends()
      await make(s.frame, n, n, 0)
      // One request each, and the next one only when this one was answered.
      await eventually('the append is answered', () => proxy.appends() > count, { within: 120 })
    }
    if (proxy.late() - before < 3) throw new Error('Too few replies were late')
    await ended(s)
    return { made: 40, acknowledged: 40 }
  },
  async 'killed five times while writing'(s) {
    const making = make(s.frame, 1, 200, quick ? 40 : 60)
    for (let i = 0; i < (quick ? 3 : 5); i++) {
      await wait(300 + ((i * 397) % 700))
      await outage(0)
    }
    await making
    const acknowledged = await kept(s.frame)
    await ended(s)
    return { made: 200, acknowledged }
  },
  async 'reload during an outage'(s) {
    await make(s.frame, 1, 10, 20)
    await platform.kill()
    await make(s.frame, 11, 20, 0)
    await allKept(s.frame, 20)
    await s.page.reload({ timeout: 5000 }).catch(() => undefined)
    await wait(1000)
    await platform.start()
    s.frame = await takePart(s.page, s.url)
    await make(s.frame, 21, 30, 0)
    await allKept(s.frame, 10)
    await ended(s)
    return { made: 30, acknowledged: 30 }
  },
  async 'tab closed during an outage and opened again'(s) {
    await platform.kill()
    await make(s.frame, 1, 20, 0)
    await allKept(s.frame, 20)
    await s.page.close()
    await platform.start()
    s.page = await s.context.newPage()
    s.frame = await takePart(s.page, s.url)
    await make(s.frame, 21, 30, 0)
    await allKept(s.frame, 10)
    await ended(s)
    return { made: 30, acknowledged: 30 }
  },
  async 'two tabs, the second takes over while the first sends'(s) {
    weather.latencyMs = 300
    await make(s.frame, 1, 20, 0)
    await allKept(s.frame, 20)
    const second = await s.context.newPage()
    await second.goto(s.url)
    await inState(second, 'elsewhere')
    await make(s.frame, 21, 30, 0)
    await allKept(s.frame, 30)
    await second.click('.actions button')
    await inState(second, 'resuming')
    await second.click('.actions button')
    s.page = second
    s.frame = await studyFrame(second)
    await make(s.frame, 31, 40, 0)
    await allKept(s.frame, 10)
    await ended(s)
    return { made: 40, acknowledged: 40 }
  },
}

const figures: Record<string, Row> = {}
try {
  for (const [name, act] of Object.entries(rows)) {
    if (!wanted.some((part) => name.includes(part.trim()))) continue
    Object.assign(weather, { latencyMs: 0, lateEvery: 0, lateMs: undefined } satisfies Weather)
    const study = await webStudy(platform.client, platform.organisationId)
    const { url } = await study.link()
    const context = await browser.newContext()
    const page = await context.newPage()
    const scene: Scene = { study, url, context, page, frame: await takePart(page, url) }
    const began = performance.now()
    const { made, acknowledged } = await act(scene)
    const runs = await openedRuns(platform.client, study.studyId)
    const numbers = runs.flatMap(numbersOf)
    const distinct = new Set(numbers)
    let lost = 0
    for (let n = 1; n <= made; n++) if (!distinct.has(n)) lost++
    const state = runs
      .map((r) => r.row.state + (r.findings.some((f) => f.kind !== 'unfinished') ? ' with findings' : ''))
      .join(', ')
    figures[name] = {
      made,
      acknowledged,
      stored: distinct.size,
      lost,
      duplicated: numbers.length - distinct.size + (runs.length - 1),
      state,
      seconds: Number(((performance.now() - began) / 1000).toFixed(1)),
    }
    const r = figures[name]
    process.stdout.write(
      `${name.padEnd(56)} made ${String(made).padStart(3)}  acknowledged ${String(acknowledged).padStart(3)}  stored ${String(r.stored).padStart(3)}  lost ${lost}  duplicated ${r.duplicated}  ${state}  (${r.seconds} s)\n`,
    )
    await context.close()
  }
} finally {
  await browser.close()
  await proxy.close()
  await platform.close()
}

const worst = (what: 'lost' | 'duplicated'): number => Math.max(...Object.values(figures).map((r) => r[what]))
const [lost, duplicated] = [worst('lost'), worst('duplicated')]
report('outage', quick, figures, { lost: atMost(0, lost), duplicated: atMost(0, duplicated) })
