/**
 * Zero-concentrated differential privacy (Bun and Steinke 2016), counted in integers: one nano-rho is 1e-9 of rho.
 * Conversion to (epsilon, delta) after Canonne, Kamath and Steinke (2020), corollary 13.
 */

/** rho in units of 1e-9. */
export type NanoRho = bigint
export const nano = 1_000_000_000n

/**
 * ln delta at `epsilon` for a rho-zCDP mechanism, minimised over the order alpha (the function is unimodal in ln(alpha
 * - 1)).
 */
function logDelta(rho: number, epsilon: number): number {
  const at = (logOrder: number): number => {
    const a = 1 + Math.exp(logOrder)
    return (a - 1) * (a * rho - epsilon) - Math.log(a - 1) + a * Math.log1p(-1 / a)
  }
  let low = -12
  let high = 40
  const g = (Math.sqrt(5) - 1) / 2
  let x1 = high - g * (high - low)
  let x2 = low + g * (high - low)
  let f1 = at(x1)
  let f2 = at(x2)
  for (let i = 0; i < 120; i++) {
    if (f1 < f2) {
      high = x2
      x2 = x1
      f2 = f1
      x1 = high - g * (high - low)
      f1 = at(x1)
    } else {
      low = x1
      x1 = x2
      f1 = f2
      x2 = low + g * (high - low)
      f2 = at(x2)
    }
  }
  return Math.min(f1, f2, 0)
}

/** Outward rounding: more than the error of the arithmetic above, less than anybody would notice. */
const margin = 1e-9

/**
 * The delta that rho-zCDP implies at epsilon, rounded up. Any order alpha gives a valid bound, so an imperfect minimum
 * is still true.
 */
export function deltaOf(rho: NanoRho, epsilon: number): number {
  if (rho < 0n || !(epsilon >= 0)) throw new RangeError('rho and epsilon must not be negative')
  if (rho === 0n) return 0
  return Math.min(1, Math.exp(logDelta(Number(rho) / Number(nano), epsilon) + margin))
}

/** The smallest epsilon, rounded up, such that rho-zCDP implies (epsilon, delta). */
export function epsilonOf(rho: NanoRho, delta: number): number {
  if (!(delta > 0 && delta < 1)) throw new RangeError('delta must be between 0 and 1')
  if (rho === 0n) return 0
  let low = 0
  let high = 1
  while (deltaOf(rho, high) > delta) high *= 2
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (deltaOf(rho, middle) > delta) low = middle
    else high = middle
  }
  return high
}

/** The largest rho, rounded down to a nano-rho, whose guarantee is within (epsilon, delta). */
export function rhoWithin(epsilon: number, delta: number): NanoRho {
  if (!(epsilon > 0)) throw new RangeError('epsilon must be positive')
  if (!(delta > 0 && delta < 1)) throw new RangeError('delta must be between 0 and 1')
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
