/**
 * Containers as processes of this machine: the runner, told where its manifest is and which confinement works here, and
 * nothing else. Those of people's questions end with this process (runner-processes.ts); those of pipelines outlive it
 * and are taken up by the next one (detached.ts).
 */
import {
  type Compute,
  ComputeUnavailable,
  type ContainerEnd,
  type ContainerRequest,
  type ContainerState,
} from '../../ports/compute.ts'
import { executionName } from '../../ports/workflow.ts'
import { FairQueue, type Waiting } from './compute-queue.ts'
import type { Detached } from './detached.ts'
import { runnerProcesses } from './runner-processes.ts'

export interface LocalComputeOptions {
  /** The runner of people's questions (runner/warm.ts). */
  program: string
  /**
   * The confinement that was tried when the host started, so that no runner tries it again; undefined leaves it to the
   * runner.
   */
  confinement: () => Promise<string | undefined>
  /** Where runners have their temporary folders. */
  work: string
  /** How many run at once. */
  slots: number
  log: (event: string, fields: Record<string, string | number>) => void
  /**
   * Who takes submissions to the queue of pipelines: they have waited for their turn before they come
   * (functions/pipelines/queue.ts).
   */
  pipelines: Detached
}
export interface LocalCompute extends Compute {
  /** Process ids of the runners of people's questions that are at work. */
  pids(): number[]
  /**
   * Ends the runners of people's questions and waits until they are gone; those of pipelines are left alone. From then
   * on every call is refused with `ComputeUnavailable`.
   */
  close(): Promise<void>
}

type Ended = Extract<ContainerState, { state: 'ended' }>
/** A container that was submitted to this process. */
interface Submitted {
  jobId: string
  attempt: number
  now: ContainerState
  /** In the queue for a place: what it is there. */
  waiting: Waiting | undefined
  stop: AbortController
  ended: Promise<Ended>
}

/** Containers whose end is remembered. */
const remembered = 10_000

const named = (request: Pick<ContainerRequest, 'jobId' | 'attempt'>): string =>
  executionName(request.jobId, request.attempt)

/** Why it was stopped from here: a container that ends of itself meanwhile has ended for that reason all the same. */
class Stop extends Error {
  override name = 'Stop'
  readonly end: ContainerEnd
  constructor(end: ContainerEnd) {
    super(end)
    this.end = end
  }
}

/** Resolves at the end, or after so many milliseconds; rejects when the host stops. */
function endOrEnough(ended: Promise<Ended>, milliseconds: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const tidy = (): void => {
      clearTimeout(timer)
      closing.removeEventListener('abort', stop)
    }
    const enough = (): void => {
      tidy()
      resolve()
    }
    const stop = (): void => {
      tidy()
      reject(closing.reason as Error)
    }
    const timer = setTimeout(enough, milliseconds)
    closing.addEventListener('abort', stop)
    void ended.then(enough)
  })
}

/** Containers on this machine. */
export function localCompute({ program, work, slots, confinement, log, pipelines }: LocalComputeOptions): LocalCompute {
  const queue = new FairQueue(slots)
  const runners = runnerProcesses(program)
  const submitted = new Map<string, Submitted>()
  const closing = new AbortController()

  const environmentOf = async (request: ContainerRequest): Promise<Record<string, string>> => {
    const tried = await confinement()
    return { ...request.environment, TMPDIR: work, ...(tried ? { CLOISTER_CONFINEMENT: `${tried}:probed` } : {}) }
  }

  /** One of people's questions, from its place in the queue to the end of its process. */
  async function question(request: ContainerRequest, entry: Submitted): Promise<Ended> {
    const stopped = AbortSignal.any([entry.stop.signal, closing.signal])
    entry.waiting = { share: request.share, long: request.queue === 'batch' }
    const leave = await queue.enter(entry.waiting, stopped)
    try {
      const environment = await environmentOf(request)
      stopped.throwIfAborted()
      const began = performance.now()
      entry.now = { state: 'running' }
      const late = setTimeout(() => entry.stop.abort(new Stop('time-limit')), request.seconds * 1000)
      const exit = await runners.run(environment, stopped).finally(() => clearTimeout(late))
      log('container', { name: named(request), code: exit.code ?? -1, ms: Math.round(performance.now() - began) })
      stopped.throwIfAborted()
      if (exit.never) return { state: 'ended', end: 'not-started' }
      if (exit.code === undefined) return { state: 'ended', end: 'lost' }
      return { state: 'ended', end: exit.code === 0 ? 'succeeded' : 'exit-code', exitCode: exit.code }
    } finally {
      leave()
    }
  }

  /** A run of a pipeline, begun now or by a host before this one. */
  async function pipeline(request: ContainerRequest, entry: Submitted): Promise<Ended> {
    const env = await environmentOf(request)
    const began = performance.now()
    entry.now = { state: 'running' }
    const run = { runId: request.jobId, attempt: request.attempt, seconds: request.seconds, env }
    const { how, exitCode, late } = await pipelines.run(run, entry.stop.signal, closing.signal)
    log('pipeline', { name: named(request), how, ms: Math.round(performance.now() - began) })
    entry.stop.signal.throwIfAborted()
    const code = exitCode === undefined ? {} : { exitCode }
    if (how === 'ended') return { state: 'ended', end: 'succeeded', ...code }
    if (late) return { state: 'ended', end: 'time-limit', ...code }
    if (how === 'not-started') return { state: 'ended', end: 'not-started' }
    return { state: 'ended', end: exitCode === undefined ? 'lost' : 'exit-code', ...code }
  }

  function begin(request: ContainerRequest): Submitted {
    const { promise, resolve } = Promise.withResolvers<Ended>()
    const entry: Submitted = {
      jobId: request.jobId,
      attempt: request.attempt,
      now: { state: 'waiting' },
      waiting: undefined,
      stop: new AbortController(),
      ended: promise,
    }
    const work = request.queue === 'pipeline' ? pipeline(request, entry) : question(request, entry)
    void work
      .catch((e: unknown): Ended => ({ state: 'ended', end: e instanceof Stop ? e.end : 'lost' }))
      .then((ended) => {
        entry.now = ended
        resolve(ended)
      })
    return entry
  }

  const open = (): void => {
    if (closing.signal.aborted) throw closing.signal.reason as Error
  }
  /** The name of the container that there is for this request: of any attempt where a job has one for all of them. */
  function existing(request: ContainerRequest): string | undefined {
    const name = named(request)
    if (submitted.has(name) || !request.oncePerJob) return submitted.has(name) ? name : undefined
    return [...submitted].find(([, entry]) => entry.jobId === request.jobId)?.[0]
  }
  function forgetOldest(): void {
    for (const [name, entry] of submitted) {
      if (submitted.size <= remembered) return
      if (entry.now.state === 'ended') submitted.delete(name)
    }
  }

  return {
    // Nothing is waited for before the container is entered: two submissions at the same moment find one another.
    async submit(request) {
      open()
      const { jobId, attempt } = request
      const before = existing(request)
      if (before !== undefined) return { jobId, attempt, handle: before }
      const handle = named(request)
      submitted.set(handle, begin(request))
      forgetOldest()
      return { jobId, attempt, handle }
    },
    async state({ handle }, patience = 0) {
      open()
      const entry = submitted.get(handle)
      if (!entry) return { state: 'unknown' }
      if (patience > 0) await endOrEnough(entry.ended, patience, closing.signal)
      const ahead = entry.waiting && queue.ahead(entry.waiting)
      return ahead === undefined ? entry.now : { state: 'waiting', ahead }
    },
    async stop(jobId, attempt) {
      open()
      const mine = [...submitted.values()].filter((entry) => entry.jobId === jobId && entry.attempt <= attempt)
      for (const entry of mine) entry.stop.abort(new Stop('stopped'))
      if (mine.length > 0) return
      // A run that a host before this one has begun, and that nobody has taken up yet.
      const left = (await pipelines.left()).find((run) => run.runId === jobId)
      if (!left) return
      const stopped = AbortSignal.abort(new Stop('stopped'))
      pipelines.run({ ...left, seconds: 0, env: {} }, stopped, closing.signal).catch(() => {})
    },
    logs: ({ jobId }) => Promise.resolve(pipelines.logOf(jobId)),
    pids: runners.pids,
    async close() {
      closing.abort(new ComputeUnavailable('the host stops'))
      await runners.close()
    },
  }
}
