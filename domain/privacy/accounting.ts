/**
 * Zero-concentrated differential privacy (Bun and Steinke 2016), counted in integers: one nano-rho is 1e-9 of rho.
 * Conversion to (epsilon, delta) after Canonne, Kamath and Steinke (2020), corollary 13.
 */

/** rho in units of 1e-9. */
export type NanoRho = bigint
export const nano = 1_000_000_000n

/**
 * ln delta at `epsilon` for a rho-zCDP mechanism by the Rényi divergence of order `alpha` > 1, before it is
 * minimised over the order (corollary 13).
 */
const logDeltaAt = (rho: number, epsilon: number, alpha: number): number =>
  (alpha - 1) * (alpha * rho - epsilon) - Math.log(alpha - 1) + alpha * Math.log1p(-1 / alpha)

/** The golden ratio, less one. */
const golden = (Math.sqrt(5) - 1) / 2
/** Steps of the search: each narrows it by the golden ratio. */
const searchSteps = 120

/** The least value that golden-section search finds of a function that is unimodal between `from` and `to`. */
function least(of: (at: number) => number, from: number, to: number): number {
  let low = from
  let high = to
  let left = high - golden * (high - low)
  let right = low + golden * (high - low)
  let atLeft = of(left)
  let atRight = of(right)
  for (let step = 0; step < searchSteps; step++)
    if (atLeft < atRight) {
      high = right
      right = left
      atRight = atLeft
      left = high - golden * (high - low)
      atLeft = of(left)
    } else {
      low = left
      left = right
      atLeft = atRight
      right = low + golden * (high - low)
      atRight = of(right)
    }
  return Math.min(atLeft, atRight)
}

/** ln delta at `epsilon`, minimised over the order (unimodal in ln(alpha - 1)); at most 0. */
const logDelta = (rho: number, epsilon: number): number =>
  Math.min(
    0,
    least((logOrder) => logDeltaAt(rho, epsilon, 1 + Math.exp(logOrder)), -12, 40),
  )

/** Outward rounding: more than the error of the arithmetic above, less than anybody would notice. */
const margin = 1e-9

/**
 * The delta that rho-zCDP implies at epsilon, rounded up. Any order alpha gives a valid bound, so an imperfect minimum
 * is still true. Throws a RangeError when either is negative.
 */
export function deltaOf(rho: NanoRho, epsilon: number): number {
  if (rho < 0n || !(epsilon >= 0)) throw new RangeError('rho and epsilon must not be negative')
  if (rho === 0n) return 0
  return Math.min(1, Math.exp(logDelta(Number(rho) / Number(nano), epsilon) + margin))
}

const checkDelta = (delta: number): void => {
  if (!(delta > 0 && delta < 1)) throw new RangeError('delta must be between 0 and 1')
}

/**
 * The smallest epsilon, rounded up, such that rho-zCDP implies (epsilon, delta); 0 for nothing. Throws a RangeError
 * unless delta is between 0 and 1, both exclusive.
 */
export function epsilonOf(rho: NanoRho, delta: number): number {
  checkDelta(delta)
  if (rho === 0n) return 0
  let low = 0
  let high = 1
  while (deltaOf(rho, high) > delta) high *= 2
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2
    if (deltaOf(rho, middle) > delta) low = middle
    else high = middle
  }
  return high
}

/**
 * The largest rho, rounded down to a nano-rho, whose guarantee is within (epsilon, delta). Throws a RangeError unless
 * epsilon is positive and delta is between 0 and 1, both exclusive.
 */
export function rhoWithin(epsilon: number, delta: number): NanoRho {
  if (!(epsilon > 0)) throw new RangeError('epsilon must be positive')
  checkDelta(delta)
  let low = 0n
  let high = nano
  while (deltaOf(high, epsilon) <= delta) high *= 2n
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (deltaOf(middle, epsilon) <= delta) low = middle
    else high = middle
  }
  return low
}
