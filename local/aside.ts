/** Heavy work in threads of its own, so that the loop that serves everybody goes on meanwhile. */
import { Worker } from 'node:worker_threads'
import { turnsOf } from '../adapters/local/turns.ts'
import { Failure } from '../functions/kernel/failure.ts'
import type { Aside, HeavyWork } from '../functions/kernel/heavy-work.ts'

export interface Asked {
  name: keyof HeavyWork
  input: unknown[]
}
export type Answered = { value: unknown } | { error: string }

const program = new URL('./aside-worker.ts', import.meta.url)
/** Threads at once, and how long a piece of work may take. */
const usual = { threads: 2, milliseconds: 5000 }

const tookTooLong = (milliseconds: number): Failure =>
  new Failure(
    'payload-too-large',
    `This is so large that it could not be checked within ${milliseconds / 1000} seconds. Send less of it at once.`,
  )

/** Threads that are started when they are first needed, and kept. One that does not come to an end is ended. */
export function asideThreads({ threads, milliseconds } = usual): { aside: Aside; close: () => Promise<void> } {
  const turns = turnsOf(threads)
  const idle: Worker[] = []
  const all = new Set<Worker>()
  /** One that has read its program: until then no time counts, of which a busy machine takes seconds for that. */
  const start = async (): Promise<Worker> => {
    const worker = new Worker(program, { resourceLimits: { maxOldGenerationSizeMb: 512 } })
    worker.unref()
    // Whoever waits for its answer hears of it too.
    worker.on('error', () => {})
    worker.once('exit', () => all.delete(worker))
    all.add(worker)
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve())
      worker.once('exit', () => reject(new Error('A thread ended before it began')))
    })
    return worker
  }
  const answerOf = (worker: Worker, asked: Asked): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const over = (then: () => void): void => {
        clearTimeout(timer)
        worker.removeAllListeners('message')
        worker.off('exit', died)
        then()
      }
      const died = (): void => over(() => reject(tookTooLong(milliseconds)))
      const timer = setTimeout(() => {
        over(() => reject(tookTooLong(milliseconds)))
        void worker.terminate()
      }, milliseconds)
      worker.once('exit', died)
      worker.once('message', (answered: Answered) => over(() => resolve(answered)))
      worker.postMessage(asked)
    })

  const aside = async (name: keyof HeavyWork, ...input: unknown[]): Promise<unknown> => {
    const leave = await turns.enter()
    try {
      const worker = idle.pop() ?? (await start())
      const answered = await answerOf(worker, { name, input })
      idle.push(worker)
      if ('error' in answered) throw new Error(answered.error)
      return answered.value
    } finally {
      leave()
    }
  }
  return {
    aside: aside as Aside,
    close: async () => {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}
