/** Sends a run's chunks: in order, one request in flight, for as long as it takes. */
import { append, type Chunk, Refused, standing, start, type Standing, Unreachable, upload } from './api.ts'
import type { Queue } from './queue.ts'

/** What a page that goes away may still send: 64 KiB is shared by all such requests of the browser. */
const partingBytes = 55_000
const longestPauseMs = 10_000

export type Outcome =
  | { state: 'completed' | 'aborted'; finish: NonNullable<Standing['finish']> }
  | { state: 'completed'; finish?: undefined }
  | { state: 'withdrawn' }
export interface SendState {
  /** Requests that failed in a row. */
  failures: number
  /** The server refuses what is sent; it stays on the device and is tried again now and then. */
  refused: boolean
}

/** Sends the records of one queue, and says how that goes; `run` begins, `stop` or the end of the run ends it. */
export class Sender {
  readonly state: SendState = { failures: 0, refused: false }
  /** Resolves when the run is over on the server; never when it is stopped before. */
  readonly over: Promise<Outcome>
  onChange: () => void = () => undefined
  readonly #queue: Queue
  readonly #stop = new AbortController()
  #done: (o: Outcome) => void = () => undefined
  #wake: () => void = () => undefined
  #nudged = false
  #finished = false
  /** The first number of the chunk that was last refused as a conflict. */
  #conflict = 0

  constructor(queue: Queue) {
    this.#queue = queue
    this.over = new Promise((resolve) => {
      this.#done = resolve
    })
  }

  /** Sends until stopped or over. `counted`: what the server is known to hold; without it, it is asked first. */
  async run(counted?: Standing): Promise<void> {
    const nudge = (): void => {
      if (document.visibilityState === 'visible') this.nudge()
    }
    const part = (): void => this.#part()
    addEventListener('online', nudge)
    addEventListener('pageshow', nudge)
    addEventListener('pagehide', part)
    document.addEventListener('visibilitychange', nudge)
    try {
      let exact = false
      let known = counted
      while (!this.#stop.signal.aborted && !this.#finished) {
        try {
          if (!exact) {
            const standing = known ?? (await this.#standing())
            known = undefined
            await this.#take(standing, true)
            exact = true
          } else if (await this.#one()) {
            this.#succeeded()
          } else await this.#idle()
        } catch (e) {
          await this.#failed(e)
        }
      }
    } finally {
      removeEventListener('online', nudge)
      removeEventListener('pageshow', nudge)
      removeEventListener('pagehide', part)
      document.removeEventListener('visibilitychange', nudge)
    }
  }

  /** There is something new, or the way may be open again: try at once. */
  nudge(): void {
    this.#nudged = true
    this.#wake()
  }

  stop(): void {
    this.#stop.abort()
    this.#wake()
  }

  /** One request. False when there is nothing to send and nothing to ask. */
  async #one(): Promise<boolean> {
    const { run } = this.#queue
    const records = await this.#queue.next()
    if (records.length > 0) {
      for (const record of records) {
        if (!record.object) continue
        const bytes = await this.#queue.object(record.seq)
        if (bytes) await upload(run.runId, run.token, record.object, bytes, this.#stop.signal)
      }
      await this.#take(
        await append(run.runId, run.token, this.#queue.body(records), { signal: this.#stop.signal }),
        false,
      )
      return true
    }
    if (!this.#queue.closed) return false
    // All was acknowledged and yet the run is not over: the exact count says what to send again.
    const counted = await this.#standing()
    await this.#take(counted, true)
    if (this.#finished || this.#queue.left > 0) return true
    // Everything is stored, so the server stopped between storing the end and counting: the end once more makes it
    // count.
    const end = await this.#queue.endRecord()
    let standing = counted
    if (end) {
      standing = await append(run.runId, run.token, this.#queue.body([end]), { signal: this.#stop.signal })
      await this.#take(standing, false)
      if (this.#finished) return true
    }
    if (standing.state !== 'incomplete') throw this.#uncounted()
    // Some bytes are not those of this device, or some records are missing that it has lost before it could send them
    // (its disk was full, and the tab died): more sending cannot change that.
    this.#end({ state: 'completed' })
    return true
  }

  /** To be asked again after a pause: what the answer itself has moved here is no reason to ask at once. */
  #uncounted(): Unreachable {
    this.#nudged = false
    return new Unreachable('The end has not been counted yet')
  }

  #standing = (): Promise<Standing> => standing(this.#queue.run.runId, this.#queue.run.token, this.#stop.signal)

  async #take(standing: Standing, exact: boolean): Promise<void> {
    if (this.#stop.signal.aborted) return
    await (exact ? this.#queue.reconcile(standing.acked) : this.#queue.acknowledge(standing.acked))
    if (standing.finish)
      this.#end({ state: standing.state === 'aborted' ? 'aborted' : 'completed', finish: standing.finish })
  }

  #end(outcome: Outcome): void {
    this.#finished = true
    this.#done(outcome)
  }

  #succeeded(): void {
    const before = this.state.failures
    Object.assign(this.state, { failures: 0, refused: false })
    if (before > 0) this.onChange()
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return
    if (error instanceof Refused) {
      try {
        if (await this.#answerRefusal(error)) return
      } catch {
        /* Asked again after the pause. */
      }
      this.state.refused = true
    }
    this.state.failures++
    this.onChange()
    // Jittered, so that many participants do not come back in the same instant.
    await this.#pause(
      Math.min(longestPauseMs, 250 * 2 ** Math.min(this.state.failures, 10)) * (0.5 + Math.random() / 2),
    )
  }

  /** What follows from a refusal. True when the loop can go on at once. */
  async #answerRefusal(refusal: Refused): Promise<boolean> {
    const { run } = this.#queue
    if (refusal.kind === 'run-withdrawn') {
      this.#end({ state: 'withdrawn' })
      return true
    }
    if (refusal.kind === 'run-token-invalid') {
      // The same nonce and key answer the same run with the token that is valid now.
      const again = await start(run.code, { nonce: run.nonce, kid: run.kid, wrappedKey: run.wrappedKey })
      const changed = again.runId === run.runId && again.token !== run.token
      run.token = again.token
      await this.#queue.save()
      return changed
    }
    if (refusal.kind !== 'record-conflict' && refusal.kind !== 'run-finished') return false
    // Something is stored under these numbers already. The exact count trims the queue; the same chunk a second time
    // waits.
    const [first] = await this.#queue.next()
    const standing = await this.#standing()
    await this.#take(standing, true)
    // Nothing was waiting, so it was the end once more that was refused: the server has another one, from a time that
    // this device has lost. More sending cannot change that either.
    if (first === undefined && this.#queue.left === 0 && standing.state === 'incomplete')
      this.#end({ state: 'completed' })
    const repeated = first === undefined || this.#conflict === first.seq
    this.#conflict = first?.seq ?? 0
    // What the count itself has moved here is no reason to ask at once.
    if (repeated) this.#nudged = false
    return this.#finished || !repeated
  }

  #idle = (): Promise<void> => this.#pause(undefined)

  #pause(ms: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => undefined
        this.#nudged = false
        resolve()
      }
      if (this.#stop.signal.aborted || this.#nudged) this.#wake()
      else if (ms !== undefined) timer = setTimeout(() => this.#wake(), ms)
    })
  }

  /**
   * The page goes away: what fits is sent by requests that outlive it. The server takes repeats, so nothing is marked.
   */
  #part(): void {
    const { run } = this.#queue
    for (const chunk of this.#queue.parting(partingBytes))
      append(run.runId, run.token, chunk satisfies Chunk, { keepalive: true }).catch(() => undefined)
  }
}
