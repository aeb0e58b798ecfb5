/** Asking the server again and again until something has come to its end. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Io } from './io.ts'

/** Pauses in milliseconds: the first one, the longest one, and by what each is longer than the one before. */
interface Pauses {
  first: number
  growth: number
  longest: number
}
/** Of a job that a person waits for. */
export const jobPauses: Pauses = { first: 150, growth: 1.25, longest: 3000 }
/** Of reading or making a table. */
export const tablePauses: Pauses = { first: 200, growth: 1.3, longest: 2000 }

/**
 * Asks until the answer is an end. In between shows how it stands, in a terminal.
 *
 * @throws What `ask` or `isOver` throws, and an `AbortError` when the person stops it.
 */
export async function poll<T>(
  io: Io,
  pauses: Pauses,
  ask: () => Promise<T>,
  isOver: (answer: T) => boolean | Promise<boolean>,
  standing: (answer: T) => string,
): Promise<T> {
  for (let pause = pauses.first; ; pause = Math.min(pauses.longest, pause * pauses.growth)) {
    const answer = await ask()
    if (await isOver(answer)) return answer
    io.progress(standing(answer))
    await sleep(pause, undefined, { signal: io.signal })
  }
}
