/**
 * What goes wrong in a history. Whether something does is decided by its name alone (who, and the how-manieth act of
 * theirs), so that the same faults can be played again while others are left out.
 */
import { textHash } from './chance.ts'

/** Faults of one call of a port. `kill-…`: the process dies before what it asked for is done, or after. */
export const callFaults = ['kill-before', 'kill-after', 'refused', 'unanswered', 'slow'] as const
/** Faults of one request on its way. */
export const requestFaults = ['request-lost', 'answer-lost', 'doubled', 'late'] as const
/** Faults of the place: an index that is behind, a disk that is full, a clock that jumps, a way that loses half. */
export const placeFaults = ['behind', 'full', 'jump', 'weak'] as const
export type CallFault = (typeof callFaults)[number]
export type RequestFault = (typeof requestFaults)[number]
export type Fault = CallFault | RequestFault | (typeof placeFaults)[number]

/** How likely each fault is, of each chance that it has. */
export type Rates = Record<Fault, number>

/** Faults by their seed and rates; `only`: of these, those alone. */
export class Faults {
  /** Names of those that happened, as `only` takes them. */
  readonly happened: string[] = []
  readonly count: Record<string, number> = {}
  /** No fault from then on. */
  over = false
  readonly #seed: number
  readonly #rates: Rates
  readonly #only: ReadonlySet<string> | undefined

  constructor(seed: number, rates: Rates, only?: ReadonlySet<string>) {
    this.#seed = seed
    this.#rates = rates
    this.#only = only
  }

  /** The fault among these that happens here, if one does. */
  at<F extends Fault>(place: string, among: readonly F[]): F | undefined {
    if (this.over) return undefined
    let chance = textHash(place, this.#seed ^ 0x5bd1e995) / 2 ** 32
    for (const fault of among) {
      chance -= this.#rates[fault]
      if (chance >= 0) continue
      const name = `${place} ${fault}`
      if (this.#only && !this.#only.has(name)) return undefined
      this.happened.push(name)
      this.count[fault] = (this.count[fault] ?? 0) + 1
      return fault
    }
    return undefined
  }

  /** A number from 0 up to 1 that belongs to a place. */
  measure(place: string): number {
    return textHash(place, this.#seed ^ 0x27d4eb2f) / 2 ** 32
  }
}
