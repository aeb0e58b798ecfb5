/** Waiting in tests and benchmarks: always for something, never for longer than is said. */
import { setTimeout } from 'node:timers/promises'

export interface Patience {
  /** Seconds until it is given up. */
  within?: number
  /** Milliseconds between two looks. */
  every?: number
}

/** What a look answers when it did not come to that yet. */
type NotYet = undefined | null | false | 0 | ''

/**
 * Looks again and again until `look` answers something, and answers that. Throws what `look` throws, at once; after
 * `within` seconds (30) it throws that `what` has not come about.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { within = 30, every = 25 }: Patience = {},
): Promise<Exclude<T, NotYet>> {
  const end = performance.now() + within * 1000
  for (;;) {
    const found = await look()
    if (found) return found as Exclude<T, NotYet>
    if (performance.now() > end) throw new Error(`Waited ${within} s in vain until ${what}`)
    await setTimeout(every)
  }
}
