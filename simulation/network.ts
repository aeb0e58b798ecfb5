/** The way between people and the platform: requests and answers are lost, late, doubled, and come in any order. */
import type { Answered, Asked, Platform } from './platform.ts'
import { type RequestFault, requestFaults } from './faults.ts'
import { atWork, never, Process } from './processes.ts'
import type { World } from './world.ts'

/** No answer came. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}
/** Nobody waits longer for an answer. */
const patienceMilliseconds = 30_000

/** The network of a world; `host` is the process that takes requests, while there is one. */
export class Network {
  readonly #world: World
  readonly #platform: Platform
  host: Process | undefined

  constructor(world: World, platform: Platform) {
    this.#world = world
    this.#platform = platform
  }

  /** Sends a request from whoever is at work. Rejects with `Unreachable` when no answer comes. */
  send(asked: Asked): Promise<Answered> {
    const task = atWork()
    const { process } = task
    if (!process.alive) return never()
    const place = `${task.name}#${task.calls++}`
    const world = this.#world
    const fault = world.faults.at(place, requestFaults) ?? this.#weakness(process as Process & { weak?: true }, place)
    if (fault) world.time.note(`${place} ${asked.method} ${asked.path}: ${fault}`)
    const measure = world.faults.measure(place)
    return new Promise((resolve, reject) => {
      let waits = true
      const heard = (settle: () => void): void => {
        if (!waits) return
        waits = false
        forgetIt()
        if (process.alive) settle()
      }
      const unreachable = (): void => heard(() => reject(new Unreachable('no answer')))
      const forgetIt = world.time.after(patienceMilliseconds, 'given up', unreachable)
      if (fault === 'request-lost') return
      const deliver = (delivery: string): void => {
        this.#serve(asked, `${place}${delivery}`).then(
          (answer) => {
            if (world.time.told)
              world.time.told(world.time.now, `${place} ${asked.method} ${asked.path} ${answer.status}`)
            if (fault === 'answer-lost') return
            world.time.after(1 + measure * 10, 'answer', () => heard(() => resolve(answer)))
          },
          () => world.time.after(1 + measure * 10, 'broken off', unreachable),
        )
      }
      const way = 1 + measure * 20 + (fault === 'late' ? 1000 + measure * 45_000 : 0)
      world.time.after(way, 'request', () => deliver(''))
      if (fault === 'doubled') world.time.after(way + measure * 5000, 'request again', () => deliver(' again'))
    })
  }

  /** Of somebody whose way is weak every other request gets lost. */
  #weakness({ weak }: Process & { weak?: true }, place: string): RequestFault | undefined {
    return weak && this.#world.faults.at(`${place} way`, ['weak']) ? 'request-lost' : undefined
  }

  /** Rejects when the process that serves the request dies, or when there is none. */
  #serve(asked: Asked, name: string): Promise<Answered> {
    const world = this.#world
    const process = world.mode === 'host' ? this.host : new Process(world, name)
    if (!process?.alive) return Promise.reject(new Unreachable('nobody listens'))
    // Machines of a cloud do not agree on the time.
    if (world.mode === 'lambda') process.skew = Math.round((world.faults.measure(name) - 0.5) * 400)
    return new Promise((resolve, reject) => {
      process.onDeath.push(() => reject(new Unreachable('the process died')))
      world.task(process, name, () => this.#platform.answer(asked, name)).then(resolve, reject)
    })
  }
}
