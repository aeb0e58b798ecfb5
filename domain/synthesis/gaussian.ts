/**
 * Discrete Gaussian noise for whole tables: the same exact sampler as privacy/noise.ts (Canonne, Kamath and Steinke
 * 2020, algorithm 3), on integers that stay below 2^48 so that plain numbers hold them exactly. Whatever does not fit
 * goes to the sampler on big integers.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import { nano } from '../privacy/accounting.ts'
import { bernoulliExp as exactExp, discreteGaussian, type Rational } from '../privacy/noise.ts'
import type { Uniform } from '../privacy/randomness.ts'

const most = 2 ** 47
const plain = 2 ** 20

/**
 * Bernoulli(exp(-numerator/denominator)) for 0 <= numerator <= denominator <= 2^42. Reaching 2^47 / 2^42 = 32 rounds
 * has probability 1 / 32!, and then goes on with big integers.
 */
function expUpToOne(u: Uniform, numerator: number, denominator: number): boolean {
  let k = 1
  for (; denominator * k <= most; k++) if (u.below(denominator * k) >= numerator) return (k & 1) === 1
  while (u.belowBig(BigInt(denominator) * BigInt(k)) < BigInt(numerator)) k++
  return (k & 1) === 1
}

/** Bernoulli(exp(-numerator/denominator)), numerator below 2^53. */
function bernoulliExp(u: Uniform, numerator: number, denominator: number): boolean {
  let rest = numerator
  while (rest > denominator) {
    if (!expUpToOne(u, 1, 1)) return false
    rest -= denominator
  }
  return expUpToOne(u, rest, denominator)
}

/**
 * sigma squared of the noise that costs at most `rho` at L2 sensitivity `sensitivity`: sensitivity^2 / (2 rho), rounded
 * up to a / 2^k with a <= 2^20 where it can be.
 */
export function varianceFor(rho: NanoRho, sensitivity: number): Rational {
  if (rho <= 0n) throw new RangeError('rho must be positive')
  const numerator = BigInt(sensitivity) * BigInt(sensitivity) * nano
  const denominator = 2n * rho
  let scale = 1n
  while (scale < 65_536n && (numerator * scale * 2n) / denominator < BigInt(plain)) scale *= 2n
  return { numerator: (numerator * scale + denominator - 1n) / denominator, denominator: scale }
}

/** Standard deviation that a variance stands for (of the continuous Gaussian; the discrete one is no wider). */
export const sigmaOf = (variance: Rational): number =>
  Math.sqrt(Number(variance.numerator) / Number(variance.denominator))

/** A sampler of the discrete Gaussian with this sigma squared. Draws are safe integers. */
export function gaussian(u: Uniform, variance: Rational): () => number {
  if (variance.numerator > BigInt(plain) || variance.denominator > 65_536n)
    return () => Number(discreteGaussian(u, variance))
  const a = Number(variance.numerator)
  const b = Number(variance.denominator)
  let t = Math.floor(Math.sqrt(Math.floor(a / b))) + 1
  while ((t - 1) * (t - 1) * b > a) t--
  // d = |y| t b - a; exp(-d^2 / (2 a b t^2)): denominators stay below 2^42 because t^2 b is at most about 4 a.
  const denominator = 2 * a * b * t * t
  if (denominator > 2 ** 46) return () => Number(discreteGaussian(u, variance))
  return () => {
    for (;;) {
      const offset = u.below(t)
      if (!expUpToOne(u, offset, t)) continue
      let whole = 0
      while (expUpToOne(u, 1, 1)) whole++
      const y = offset + t * whole
      const negative = u.bit()
      if (negative && y === 0) continue
      const d = Math.abs(y * t * b - a)
      // Beyond this the square would not be exact; such a draw has probability below 2^-60 and goes through big
      // integers.
      if (d > 94_906_265) {
        const big = BigInt(y) * BigInt(t) * BigInt(b) - BigInt(a)
        if (!exactExp(u, { numerator: big * big, denominator: BigInt(denominator) })) continue
      } else if (!bernoulliExp(u, d * d, denominator)) continue
      return negative ? -y : y
    }
  }
}
