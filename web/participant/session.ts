/**
 * One run in this tab: its study in the frame, its records through queue and sender, until the server says that it is
 * over.
 */
import type { FrameNotice, FrameRequest } from '../study/protocol.ts'
import { configurationOf, settings, type Standing } from './api.ts'
import { beginOf } from './begin.ts'
import { type Frame, openFrame } from './frame.ts'
import { insist } from './insist.ts'
import { badge, clear, el, show } from './page.ts'
import type { Queue } from './queue.ts'
import { cornerText, showSaving } from './saving-page.ts'
import { type Outcome, Sender } from './sender.ts'
import { number, say } from './texts/index.ts'

/** More trials than any study has. */
const highestPosition = 1_000_000
/** A study that has not said a word after this long did not load. */
const silenceMs = 20_000

/** What a participant sees and does of one run: `open` shows the study, `over` resolves when the run has ended. */
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
        return beginOf(this.#queue, configuration, files)
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
    if (this.#studying) {
      badge(cornerText(this.#queue, this.#sender.state))
      return
    }
    if (!this.#queue.closed) return
    this.#most = Math.max(this.#most, this.#queue.left)
    showSaving(this.#queue, this.#sender.state, this.#most)
  }
}
