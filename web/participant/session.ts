/**
 * One run in this tab: its study in the frame, its records through queue and sender, until the server says that it is
 * over.
 */
import type { Begin, FrameNotice, FrameRequest } from '../study/protocol.ts'
import { configurationOf, settings, type Standing, Unreachable } from './api.ts'
import type { Device, LocalRun } from './device.ts'
import { type Frame, openFrame } from './frame.ts'
import { badge, clear, download, el, show } from './page.ts'
import { openOwn, type Queue } from './queue.ts'
import type { Own } from './receipt.ts'
import { type Outcome, Sender } from './sender.ts'
import { number, say } from './texts/index.ts'

/** More trials than any study has. */
const highestPosition = 1_000_000
/** A study that has not said a word after this long did not load. */
const silenceMs = 20_000

/** Keeps how a run ended and deletes what it recorded here. */
export async function conclude(device: Device, run: LocalRun, outcome: Outcome): Promise<void> {
  run.state = outcome.state
  if (outcome.state !== 'withdrawn' && outcome.finish)
    run.receipt = { ...outcome.finish, records: run.made, bytes: run.bytes, at: new Date().toISOString() }
  await device.put(run)
  await device.forget(run.nonce)
}

/** Asks until there is an answer, with a page that says so between two tries. */
export async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (e) {
      if (!(e instanceof Unreachable)) throw e
    }
    await new Promise<void>((resolve) => {
      const again = (): void => {
        clearTimeout(timer)
        removeEventListener('online', again)
        resolve()
      }
      const timer = setTimeout(again, Math.min(10_000, 500 * 2 ** tries) * (0.5 + Math.random() / 2))
      addEventListener('online', again)
      show({
        state: 'unreachable',
        tone: 'warn',
        title: say('unreachableTitle'),
        sentence: say('unreachable'),
        progress: 'busy',
        button: { label: say('retryNow'), act: again },
      })
    })
  }
}

/** Why what was recorded is still here, by the key of its sentence. */
function whyOffline(refused: boolean, kept: boolean): 'savingRefused' | 'savingOffline' | 'savingMemory' {
  if (refused) return 'savingRefused'
  return kept ? 'savingOffline' : 'savingMemory'
}

export class Session {
  readonly #queue: Queue
  readonly #sender: Sender
  readonly #progress: boolean
  #frame: Frame | undefined
  #bar: HTMLProgressElement | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #studying = false
  #most = 0

  constructor(queue: Queue, progress: boolean) {
    this.#queue = queue
    this.#progress = progress
    this.#sender = new Sender(queue)
    queue.onChange = () => {
      this.#sender.nudge()
      this.#tell()
    }
    this.#sender.onChange = () => this.#tell()
  }

  /** Sends from now on; resolves when the server says that the run is over. */
  async over(counted?: Standing): Promise<Outcome> {
    void this.#sender.run(counted)
    const outcome = await this.#sender.over
    this.#closeFrame()
    return outcome
  }

  /** Lets go of everything, for another tab; what was recorded is on the device. */
  async leave(): Promise<void> {
    this.#closeFrame()
    await this.#queue.settled()
    this.#sender.stop()
    badge(undefined)
  }

  /** Opens the study, or when it was finished before, waits for the rest to be sent. */
  async open(): Promise<void> {
    if (this.#queue.closed) {
      this.#saving()
      return
    }
    const { run } = this.#queue
    show({ state: 'preloading', title: say('preloadingTitle'), sentence: say('preloading'), progress: 'busy' })
    const { configuration, studyOrigin } = await insist(async () => {
      const { studyOrigin } = await settings()
      return { studyOrigin, configuration: await configurationOf(studyOrigin, run.contentHash) }
    })
    show({ state: 'preloading', title: say('preloadingTitle'), sentence: say('preloading'), progress: 'busy' })
    const web = configuration['kind'] === 'web'
    const files = `${studyOrigin}/s/${run.contentHash}/`
    const entry = String(configuration['entry']).split('/').map(encodeURIComponent).join('/')
    this.#studying = true
    this.#frame = openFrame({
      src: web ? files + entry : `${studyOrigin}/player/index.html`,
      title: run.study.title,
      begin: () => {
        clearTimeout(this.#silence)
        return this.#begin(configuration, files, web)
      },
      request: (r) => this.#request(r),
      notice: (n) => this.#notice(n),
      // A web study may greet late, on a click of its own.
      loaded: () => {
        if (web) this.#reveal()
      },
    })
    this.#silence = setTimeout(() => this.#failed(''), silenceMs)
  }

  async #begin(configuration: Record<string, unknown>, assetsBase: string, web: boolean): Promise<Begin> {
    const { run } = this.#queue
    const declared = (
      configuration['conditions'] as ({ name: string; weight?: number } & Record<string, unknown>)[] | undefined
    )?.find((c) => c.name === run.condition)
    const { name: _, weight: _w, ...variables } = declared ?? { name: '' }
    const own = (await openOwn(run.key, run.runId, 'own', run.own)) as Own
    await this.#queue.settled()
    const checkpoint = await this.#queue.lastCheckpoint()
    return {
      kind: web ? 'web' : 'timeline',
      configuration,
      assetsBase,
      condition: declared ? run.condition : '',
      variables,
      seed: run.seed,
      parameters: own.parameters,
      finished: await this.#queue.finished(),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      language: run.study.language,
      ...(run.preview ? { preview: true } : {}),
    }
  }

  async #request(request: FrameRequest): Promise<void> {
    const queue = this.#queue
    if (queue.closed) throw new Error('The study is over: nothing more can be recorded')
    this.#reveal()
    if ('trial' in request) this.#reached(request.trial)
    const part = 'part' in request && request.part !== undefined ? request.part : 'main'
    if (!/^[A-Za-z0-9_.-]{1,60}$/.test(part))
      throw new Error('The name of a part has 1 to 60 letters, digits, dots, dashes or underscores')
    switch (request.type) {
      case 'record':
        return queue.record('append', part, request.data)
      case 'replace':
        return queue.record('replace', part, request.data)
      case 'checkpoint':
        return queue.checkpoint(request.data)
      case 'file':
        return queue.record('file', part, request.data.name, request.data.blob)
      case 'finish':
        if (request.data !== undefined) await queue.record('append', 'main', request.data)
        await queue.end()
        break
      case 'abort':
        await queue.abort(request.data?.reason)
    }
    // After the answer to the frame.
    setTimeout(() => this.#saving())
  }

  #notice(notice: FrameNotice): void {
    switch (notice.type) {
      case 'loading':
        show({
          state: 'preloading',
          title: say('preloadingTitle'),
          sentence: say('preloading'),
          progress: notice.total > 0 ? notice.done / notice.total : 'busy',
          note: notice.total > 0 ? say('preloaded', { done: number(notice.done), total: number(notice.total) }) : '',
        })
        break
      case 'ready':
        this.#reveal()
        break
      case 'progress':
        if (this.#bar) this.#bar.value = notice.fraction
        break
      case 'trial':
        this.#reached(notice.position)
        break
      case 'failed':
        this.#failed(notice.message)
    }
  }

  /** Whatever a study says; what the server would refuse must never stand beside a record. */
  #reached(trial: unknown): void {
    const { run } = this.#queue
    if (typeof trial === 'number' && trial > run.position && trial <= highestPosition) run.position = Math.trunc(trial)
  }

  #reveal(): void {
    if (!this.#studying) return
    clearTimeout(this.#silence)
    const first = document.getElementById('app')?.hidden === false
    if (!first) return
    clear(this.#queue.run.study.title)
    this.#frame?.reveal()
    if (this.#progress && !this.#bar) {
      this.#bar = el('progress', { id: 'bar', max: '1', value: '0', 'aria-label': this.#queue.run.study.title })
      document.body.append(this.#bar)
    }
    this.#tell()
  }

  #failed(message: string): void {
    this.#closeFrame()
    show({
      state: 'failed',
      tone: 'warn',
      title: say('failedTitle'),
      sentence: say('failed'),
      note: message,
      button: {
        label: say('goOn'),
        act: () => {
          void this.open()
        },
      },
    })
  }

  #closeFrame(): void {
    clearTimeout(this.#silence)
    this.#studying = false
    this.#frame?.close()
    this.#frame = undefined
    this.#bar?.remove()
    this.#bar = undefined
  }

  #saving(): void {
    this.#closeFrame()
    badge(undefined)
    this.#tell()
  }

  /** Says how sending goes: in a corner during the study, as a page after it. */
  #tell(): void {
    const { failures, refused } = this.#sender.state
    const { left, kept, closed, run } = this.#queue
    const offline = failures > 1 || (failures > 0 && !navigator.onLine)
    if (this.#studying) {
      if (!kept) badge(say(this.#queue.lasting ? 'diskBadge' : 'memoryBadge'))
      else badge(offline && left > 0 ? say('offlineBadge', { n: number(left) }) : undefined)
      return
    }
    if (!closed) return
    this.#most = Math.max(this.#most, left)
    const common = {
      progress: this.#most > 0 ? 1 - left / this.#most : ('busy' as const),
      note: say('left', { n: number(left) }),
    }
    if (run.aborting)
      show({ state: 'aborting', title: say('abortingTitle'), sentence: say('aborting'), progress: 'busy' })
    else if (!offline && !refused)
      show({ ...common, state: 'saving', title: say('savingTitle'), sentence: say('saving') })
    else {
      const save = (): void => {
        void this.#queue.asFile().then((f) => download(`${run.runId}.sealed`, f))
      }
      show({
        ...common,
        state: 'offline',
        tone: 'warn',
        title: say('savingOfflineTitle'),
        sentence: say(whyOffline(refused, kept)),
        button: { label: say('download'), act: save },
      })
    }
  }
}
