/** For tests and benches of the participant page: a real host in a process of its own, a web study, a real browser. */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Frame, Page } from 'playwright-core'
import type { Ready } from '../bench/ingest-host.ts'
import { type Client, createClient } from '../clients/api.ts'
import type { OpenedRun } from '../clients/results/model.ts'
import { openRuns } from '../clients/results/open.ts'
import { publishStudy } from '../clients/publish.ts'
import type { Cloister } from '../web/study/client.ts'
import { eventually } from './eventually.ts'

const entry = fileURLToPath(new URL('../bench/ingest-host.ts', import.meta.url))

/** A host that can be killed without warning and started again on the same data. */
export class Platform {
  readonly port: number
  home = ''
  client!: Client
  organisationId = ''
  #child: ChildProcess | undefined
  constructor(port: number) {
    this.port = port
  }
  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.home ||= await mkdtemp(join(tmpdir(), 'cloister-participant-'))
    // The store of a killed host may not have let go of its folder yet.
    const ready = await eventually('the host starts', () => this.#tryToStart(), { every: 250 })
    if (this.organisationId) return
    this.organisationId = ready.organisationId
    this.client = createClient({ baseUrl: this.origin, token: () => ready.token })
  }
  async #tryToStart(): Promise<Ready | undefined> {
    const child = fork(entry, [String(this.port), this.home], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    this.#child = child
    return new Promise((resolve) => {
      child.once('message', (message) => resolve(message as Ready))
      child.once('exit', () => {
        if (this.#child === child) this.#child = undefined
        resolve(undefined)
      })
    })
  }
  /** As a power cut would. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child) return
    const gone = new Promise((r) => child.once('exit', r))
    child.kill('SIGKILL')
    await gone
  }
  async close(): Promise<void> {
    const child = this.#child
    if (child) {
      const gone = new Promise((r) => child.once('exit', r))
      child.disconnect()
      await gone
    }
    if (this.home) await rm(this.home, { recursive: true, force: true, maxRetries: 5 })
  }
}

const studyPage = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Task</title><h1>Task</h1><p id="seen"></p><script src="cloister.js"></script>
<script>cloister.start().then((s) => { window.begun = s; document.getElementById('seen').textContent = String(s.resume.finished.length) })</script></html>`

export interface LiveStudy {
  studyId: string
  link: (
    more?: Partial<Parameters<Client['studies']['createLink']>[0]['body']>,
  ) => Promise<{ code: string; url: string }>
}
let made = 0
/** A published web study that takes participants. Its page records what a test tells it to. */
export async function webStudy(
  client: Client,
  organisationId: string,
  o: { configuration?: Record<string, unknown>; live?: boolean; redirectHosts?: string[]; title?: string } = {},
): Promise<LiveStudy> {
  const study = await client.studies.create({
    params: { organisationId },
    body: { title: o.title ?? `Reaction times ${++made}`, requestId: crypto.randomUUID() },
  })
  const params = { studyId: study.studyId }
  await publishStudy(client, {
    studyId: study.studyId,
    configuration: { kind: 'web', entry: 'index.html', language: 'en', ...o.configuration },
    files: [{ path: 'index.html', data: new TextEncoder().encode(studyPage) }],
  })
  let { rev } = await client.studies.study({ params })
  if (o.redirectHosts)
    ({ rev } = await client.studies.change({ params, body: { redirectHosts: o.redirectHosts, rev } }))
  if (o.live !== false) await client.studies.setState({ params, body: { state: 'live', rev } })
  return {
    studyId: study.studyId,
    link: (more = {}) => client.studies.createLink({ params, body: { kind: 'general', ...more } }),
  }
}

/** Runs of a study, opened with their keys. */
export async function openedRuns(client: Client, studyId: string): Promise<OpenedRun[]> {
  const { items } = await client.runs.list({ params: { studyId }, query: {} })
  const runs: OpenedRun[] = []
  for await (const r of openRuns(client, {
    studyId,
    purpose: 'Counting what has arrived',
    runIds: items.map((i) => i.runId),
  }))
    runs.push(r)
  return runs
}

/** Waits for a state of the participant page. */
export const inState = (page: Page, state: string, timeout = 30_000): Promise<unknown> =>
  page.waitForSelector(`main[data-state="${state}"]`, { timeout })

/** The study's frame, once it has begun. */
export async function studyFrame(page: Page, timeout = 30_000): Promise<Frame> {
  await page.waitForFunction(() => document.getElementById('app')?.hidden === true, undefined, { timeout })
  const frame = page.frames().find((f) => f.url().includes('/s/'))
  if (!frame) throw new Error('There is no study frame')
  await frame.waitForFunction(() => 'begun' in window, undefined, { timeout })
  return frame
}

/** Opens a link and presses start (or continue). */
export async function takePart(page: Page, url: string): Promise<Frame> {
  await page.goto(url)
  await page.click('main[data-state="ready"] .actions button, main[data-state="resuming"] .actions button')
  return studyFrame(page)
}

/** Records rows `from` to `to` one after the other without waiting; resolves when all are kept on the device. */
export const record = (frame: Frame, from: number, to: number): Promise<void> =>
  frame.evaluate(
    async ([a, b]) => {
      const { cloister } = window as unknown as { cloister: Cloister }
      await Promise.all(
        Array.from({ length: b! - a! + 1 }, (_, i) =>
          cloister.record({ n: a! + i, word: `marker-${a! + i}`, rt: 300 + (((a! + i) * 37) % 400) }),
        ),
      )
    },
    [from, to],
  )
/** Ends the study, a moment later: the frame goes with it, and with the frame the answer to what asked for it. */
export const finish = (frame: Frame): Promise<void> =>
  frame.evaluate(() => {
    setTimeout(() => {
      void (window as unknown as { cloister: Cloister }).cloister.finish()
    }, 100)
  })
export const abort = (frame: Frame): Promise<void> =>
  frame.evaluate(() => {
    setTimeout(() => {
      void (window as unknown as { cloister: Cloister }).cloister.abort('no time')
    }, 100)
  })

/** The numbers that were recorded, as they arrived. */
export const numbersOf = (run: OpenedRun): number[] => run.trials.map((t) => Number(t.data.get('n')))
export const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

/** How many items each store of this browser holds. */
export const kept = (p: Page): Promise<Record<string, number>> =>
  p.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve) => {
      const o = indexedDB.open('cloister-participant')
      o.onsuccess = () => resolve(o.result)
    })
    const out: Record<string, number> = {}
    for (const name of db.objectStoreNames)
      out[name] = await new Promise((resolve) => {
        const c = db.transaction(name).objectStore(name).count()
        c.onsuccess = () => resolve(c.result)
      })
    db.close()
    return out
  })
