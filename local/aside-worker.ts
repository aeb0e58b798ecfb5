/** A thread of aside.ts: says that it is ready, then does one piece of work after the other. */
import { parentPort } from 'node:worker_threads'
import { heavyWork } from '../functions/kernel/heavy-work.ts'
import type { Asked, Answered } from './aside.ts'

parentPort!.on('message', ({ name, input }: Asked) => {
  const work = heavyWork[name] as (...input: unknown[]) => unknown
  let answered: Answered
  try {
    answered = { value: work(...input) }
  } catch (error) {
    answered = { error: error instanceof Error ? error.name : typeof error }
  }
  parentPort!.postMessage(answered)
})
parentPort!.postMessage('ready')
