/** Containers of a world: each takes its time, sends its report as the real runner does, and may be lost. */
import type { Compute, ContainerRef, ContainerRequest, ContainerState } from '../ports/compute.ts'
import { atWork } from './processes.ts'
import type { World } from './world.ts'

interface Container {
  request: ContainerRequest
  state: ContainerState
}
/** What a container sends at its end; undefined when it ends without a report. */
export type Reports = (world: World, jobId: string) => Uint8Array | undefined

const lookMilliseconds = 700
const nameOf = ({ jobId, attempt, oncePerJob }: ContainerRequest): string =>
  oncePerJob ? `${jobId}-1` : `${jobId}-${attempt}`

/** The place where containers of a world run. */
export class Containers {
  readonly #world: World
  readonly #reports: Reports
  readonly #all = new Map<string, Container>()

  constructor(world: World, reports: Reports) {
    this.#world = world
    this.#reports = reports
  }

  /** As handlers reach it. */
  readonly port: Compute = {
    submit: (request) => this.#world.call(`submit ${nameOf(request)}`, () => this.#submit(request)),
    state: async (container, patience = 0) => {
      for (let waited = 0; ; waited += lookMilliseconds) {
        const state = await this.#world.call(`look ${container.handle}`, () => this.#state(container))
        if (state.state === 'ended' || waited >= Math.min(patience, 15_000)) return state
        await this.#world.pause(lookMilliseconds)
      }
    },
    stop: (jobId, attempt) =>
      this.#world.call(`stop containers ${jobId}`, () => {
        for (const one of this.#all.values())
          if (one.request.jobId === jobId && one.request.attempt <= attempt)
            this.#end(one, { state: 'ended', end: 'stopped' })
      }),
    logs: () => this.#world.call('logs', () => undefined),
  }

  #submit(request: ContainerRequest): ContainerRef {
    const handle = nameOf(request)
    const ref = { jobId: request.jobId, attempt: request.attempt, handle }
    if (this.#all.has(handle)) return ref
    const made: Container = { request, state: { state: 'waiting' } }
    this.#all.set(handle, made)
    const { process } = atWork()
    if (this.#world.mode === 'host')
      process.onDeath.push(() => {
        if (made.state.state !== 'ended') this.#all.delete(handle)
      })
    const measure = this.#world.faults.measure(handle)
    this.#world.time.after(200 + measure * 3000, `${handle} begins`, () => {
      if (made.state.state === 'waiting') made.state = { state: 'running' }
    })
    this.#world.time.after(3500 + measure * 20_000, `${handle} ends`, () => this.#finish(made))
    return ref
  }

  #finish(container: Container): void {
    if (container.state.state === 'ended') return
    const { jobId } = container.request
    const report = this.#reports(this.#world, jobId)
    if (report)
      this.#world.objects.set(`quarantine jobs/${jobId}/report.json.gz`, {
        bytes: report,
        size: report.length,
        type: 'application/gzip',
      })
    this.#end(container, report ? { state: 'ended', end: 'succeeded', exitCode: 0 } : { state: 'ended', end: 'lost' })
  }

  #end(container: Container, state: ContainerState): void {
    if (container.state.state !== 'ended') container.state = state
  }

  #state({ handle }: ContainerRef): ContainerState {
    return this.#all.get(handle)?.state ?? { state: 'unknown' }
  }
}
