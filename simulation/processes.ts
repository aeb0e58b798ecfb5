/**
 * Processes as they are played: each has its memory, its own view of the clock, and dies at any moment. What a dead one
 * was waiting for never comes, so that none of its continuations touches anything again.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** One life of a process: a host, a Lambda with one request, a participant's tab. */
export class Process {
  readonly name: string
  alive = true
  readonly memory = new Map<object, unknown>()
  /** By which its clock is wrong, in milliseconds. */
  skew = 0
  readonly onDeath: (() => void)[] = []
  /** The world that it lives in (simulation/world.ts). */
  readonly world: object

  constructor(world: object, name: string) {
    this.world = world
    this.name = name
  }
}

/** What somebody does in a process: a request, a visit of a schedule, a step of a job. */
export interface Task {
  process: Process
  /** Stays the same when other tasks or faults are left out of a history. */
  name: string
  /** Calls of ports so far. */
  calls: number
}

const storage = new AsyncLocalStorage<Task>()

/** Does something as a part of this task; whatever it begins belongs to the task too. */
export const within = <T>(task: Task, act: () => T): T => storage.run(task, act)

/** The task that is at work. */
export function atWork(): Task {
  const task = storage.getStore()
  if (!task) throw new Error('Nobody is at work here')
  return task
}

/** What is never answered. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {})

const empty = new Map<object, unknown>()

/** The memory of whichever process is at work, in the shape that handlers are given once. */
export class MemoryAtWork extends Map<object, unknown> {
  override has(key: object): boolean {
    return memoryOf().has(key)
  }
  override get(key: object): unknown {
    return memoryOf().get(key)
  }
  override set(key: object, value: unknown): this {
    memoryOf().set(key, value)
    return this
  }
}
const memoryOf = (): Map<object, unknown> => storage.getStore()?.process.memory ?? empty
