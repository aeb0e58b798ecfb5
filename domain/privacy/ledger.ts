/**
 * The budget ledger of a dataset: one item of integers in nano-rho, changed by conditional updates only
 * (ports/table.ts).
 *
 *     limit = available + spent + the reservations, always;  available >= 0;  spent never falls.
 *
 * A reservation is the attribute `hold_<jobId>`. When it is settled it becomes 0 and stays for a while, so that a
 * reservation that a retried or delayed step repeats finds it taken: a job is charged once, in whatever order its
 * steps, their retries and a cancellation arrive. `forget` takes such a 0 away once nothing of the job can run any
 * more.
 */
import { epsilonOf, type NanoRho, rhoWithin } from './accounting.ts'

/** A budget item's own attributes, without its reservations. Nano-rho as safe integers. */
export interface BudgetState {
  limit: number
  available: number
  spent: number
}
/** A conditional update in the shape of the table port's `Change`. */
export interface LedgerChange {
  set?: Record<string, number>
  add?: Record<string, number>
  remove?: string[]
  when: ({ attribute: string; is: 'equal' | 'at-least'; value: number } | { attribute: string; is: 'missing' })[]
}

/** The attribute of a job's reservation. */
export const holdOf = (jobId: string): string => `hold_${jobId}`

/** Nano-rho as the table keeps it. Throws a RangeError when it is negative or too large to be exact. */
export function stored(rho: NanoRho): number {
  if (rho < 0n || rho > BigInt(Number.MAX_SAFE_INTEGER))
    throw new RangeError('a charge must be between 0 and 2^53 - 1 nano-rho')
  return Number(rho)
}
function checkedCharge(nanoRho: number): number {
  if (!Number.isSafeInteger(nanoRho) || nanoRho <= 0) throw new RangeError('a charge is a positive integer of nano-rho')
  return nanoRho
}

/** What a budget of (epsilon, delta) opens with. An epsilon of 0 opens an empty one. Throws as `rhoWithin` does. */
export function opening(budget: { epsilon: number; delta: number }): BudgetState {
  const limit = budget.epsilon > 0 ? stored(rhoWithin(budget.epsilon, budget.delta)) : 0
  return { limit, available: limit, spent: 0 }
}

/**
 * Takes a charge (nano-rho) out of what is available. The condition fails when the budget does not cover it, or the job
 * has been charged before: `reservationOf` tells which. Throws a RangeError unless the charge is a positive integer.
 */
export const reserve = (jobId: string, nanoRho: number): LedgerChange => ({
  add: { available: -checkedCharge(nanoRho) },
  set: { [holdOf(jobId)]: nanoRho },
  when: [
    { attribute: 'available', is: 'at-least', value: nanoRho },
    { attribute: holdOf(jobId), is: 'missing' },
  ],
})
const settled = (jobId: string, nanoRho: number, to: 'spent' | 'available'): LedgerChange => ({
  add: { [to]: checkedCharge(nanoRho) },
  set: { [holdOf(jobId)]: 0 },
  when: [{ attribute: holdOf(jobId), is: 'equal', value: nanoRho }],
})
/**
 * Turns a reservation into spending. The condition fails when it is settled already. Throws a RangeError unless the
 * charge is a positive integer.
 */
export const commit = (jobId: string, nanoRho: number): LedgerChange => settled(jobId, nanoRho, 'spent')
/**
 * Gives a reservation back. The condition fails when it is settled already. Throws a RangeError unless the charge is a
 * positive integer.
 */
export const giveBack = (jobId: string, nanoRho: number): LedgerChange => settled(jobId, nanoRho, 'available')
/** Takes away what a settled reservation left, when no step of the job can run any more. */
export const forget = (jobId: string): LedgerChange => ({
  remove: [holdOf(jobId)],
  when: [{ attribute: holdOf(jobId), is: 'equal', value: 0 }],
})
/** Moves the limit; the condition fails when it was moved meanwhile, or when more than `to` is spent and reserved. */
export const moveLimit = (from: number, to: number): LedgerChange => ({
  set: { limit: to },
  add: { available: to - from },
  when: [
    { attribute: 'limit', is: 'equal', value: from },
    { attribute: 'available', is: 'at-least', value: Math.max(0, from - to) },
  ],
})

/** Where a job's charge stands in the item; `none` after `forget` as well. */
export function reservationOf(item: Readonly<Record<string, unknown>>, jobId: string): 'none' | 'reserved' | 'settled' {
  const hold = item[holdOf(jobId)]
  if (typeof hold !== 'number') return 'none'
  return hold === 0 ? 'settled' : 'reserved'
}

/** The epsilon, at `delta`, of what is still available; 0 when nothing is. Throws as `epsilonOf` does. */
export const epsilonLeft = (item: Pick<BudgetState, 'available'>, delta: number): number =>
  item.available > 0 ? epsilonOf(BigInt(item.available), delta) : 0
