/**
 * The exponential mechanism (McSherry and Talwar 2007) without floating point: scores are integers, the privacy
 * parameter is a rational, and a candidate is accepted by exact Bernoulli(exp(-x)). A floating-point one leaks through
 * its rounding (Ilvento 2020).
 */
import type { NanoRho } from '../privacy/accounting.ts'
import { nano } from '../privacy/accounting.ts'
import { bernoulliExp } from '../privacy/noise.ts'
import type { Uniform } from '../privacy/randomness.ts'

/** Newton's iteration on whole numbers. */
const squareRootFloor = (square: bigint): bigint => {
  if (square < 2n) return square
  let root = 1n << BigInt((square.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + square / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

const unit = 1n << 32n

/**
 * Draws index i with probability proportional to exp(epsilon score_i / (2 sensitivity)), where epsilon^2 / 8 <= rho (an
 * epsilon-bounded-range choice is epsilon^2/8-zCDP: Cesar and Rogers 2021). `scores` are safe integers; `sensitivity`
 * is by how much one person can move one of them; `rho` is in nano-rho. Throws RangeError when there is nothing to
 * choose from or a number is none of these.
 */
export function choose(random: Uniform, scores: ArrayLike<number>, sensitivity: number, rho: NanoRho): number {
  if (scores.length === 0) throw new RangeError('nothing to choose from')
  if (!(Number.isSafeInteger(sensitivity) && sensitivity > 0))
    throw new RangeError('sensitivity must be a positive integer')
  // epsilon in units of 2^-32, rounded down
  const epsilon = squareRootFloor((8n * rho * unit * unit) / nano)
  let best = -Infinity
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isSafeInteger(scores[i]!)) throw new RangeError('scores must be safe integers')
    best = Math.max(best, scores[i]!)
  }
  const denominator = 2n * BigInt(sensitivity) * unit
  // Rejection from the uniform: exact. At most `scores.length` tries on average.
  for (;;) {
    const candidate = random.below(scores.length)
    const numerator = epsilon * BigInt(best - scores[candidate]!)
    if (bernoulliExp(random, { numerator, denominator })) return candidate
  }
}
