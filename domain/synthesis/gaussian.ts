/**
 * Discrete Gaussian noise for whole tables: the same exact sampler as privacy/noise.ts (Canonne, Kamath and Steinke
 * 2020, algorithm 3), on integers that stay below 2^48 so that plain numbers hold them exactly. Whatever does not fit
 * goes to the sampler on big integers.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import { nano } from '../privacy/accounting.ts'
import { bernoulliExp as exactExp, discreteGaussian, type Rational } from '../privacy/noise.ts'
import type { Uniform } from '../privacy/randomness.ts'

/** Denominators up to this stay exact in every step below. */
const largest = 2 ** 47
/** Variances are a / 2^k with a up to this. */
const largestNumerator = 2 ** 20
/** The largest whole number whose square a double holds exactly. */
const largestToSquare = 94_906_265

/**
 * Bernoulli(exp(-numerator/denominator)) for 0 <= numerator <= denominator <= 2^42. Reaching 2^47 / 2^42 = 32 rounds
 * has probability 1 / 32!, and then goes on with big integers.
 */
function expUpToOne(random: Uniform, numerator: number, denominator: number): boolean {
  let round = 1
  for (; denominator * round <= largest; round++)
    if (random.below(denominator * round) >= numerator) return (round & 1) === 1
  while (random.belowBig(BigInt(denominator) * BigInt(round)) < BigInt(numerator)) round++
  return (round & 1) === 1
}

/** Bernoulli(exp(-numerator/denominator)), numerator below 2^53. */
function bernoulliExp(random: Uniform, numerator: number, denominator: number): boolean {
  let rest = numerator
  while (rest > denominator) {
    if (!expUpToOne(random, 1, 1)) return false
    rest -= denominator
  }
  return expUpToOne(random, rest, denominator)
}

/**
 * sigma squared of the noise that costs at most `rho` (nano-rho) at L2 sensitivity `sensitivity` (a whole number):
 * sensitivity^2 / (2 rho) (Bun and Steinke 2016, proposition 1.6), rounded up to a / 2^k with a <= 2^20 where it can
 * be. Throws RangeError when rho is not positive.
 */
export function varianceFor(rho: NanoRho, sensitivity: number): Rational {
  if (rho <= 0n) throw new RangeError('rho must be positive')
  const numerator = BigInt(sensitivity) * BigInt(sensitivity) * nano
  const denominator = 2n * rho
  let scale = 1n
  while (scale < 65_536n && (numerator * scale * 2n) / denominator < BigInt(largestNumerator)) scale *= 2n
  return { numerator: (numerator * scale + denominator - 1n) / denominator, denominator: scale }
}

/** Standard deviation that a variance stands for (of the continuous Gaussian; the discrete one is no wider). */
export const sigmaOf = (variance: Rational): number =>
  Math.sqrt(Number(variance.numerator) / Number(variance.denominator))

/** A sampler of the discrete Gaussian with this sigma squared. Draws are safe integers. */
export function gaussian(random: Uniform, variance: Rational): () => number {
  const onBigIntegers = (): number => Number(discreteGaussian(random, variance))
  if (variance.numerator > BigInt(largestNumerator) || variance.denominator > 65_536n) return onBigIntegers
  const numerator = Number(variance.numerator)
  const denominator = Number(variance.denominator)
  // The scale of the discrete Laplace distribution that is drawn from first: the floor of sigma, plus one.
  let scale = Math.floor(Math.sqrt(Math.floor(numerator / denominator))) + 1
  while ((scale - 1) * (scale - 1) * denominator > numerator) scale--
  // A draw is accepted with probability exp(-distance^2 / below), distance = | |draw| scale denominator - numerator |.
  // Denominators stay below 2^42 because scale^2 denominator is at most about 4 numerator.
  const below = 2 * numerator * denominator * scale * scale
  if (below > 2 ** 46) return onBigIntegers
  const accepted = (magnitude: number): boolean => {
    const distance = Math.abs(magnitude * scale * denominator - numerator)
    if (distance <= largestToSquare) return bernoulliExp(random, distance * distance, below)
    // Such a draw has probability below 2^-60 and goes through big integers.
    const exact = BigInt(magnitude) * BigInt(scale) * BigInt(denominator) - BigInt(numerator)
    return exactExp(random, { numerator: exact * exact, denominator: BigInt(below) })
  }
  return () => {
    for (;;) {
      const offset = random.below(scale)
      if (!expUpToOne(random, offset, scale)) continue
      let whole = 0
      while (expUpToOne(random, 1, 1)) whole++
      const magnitude = offset + scale * whole
      const negative = random.bit()
      if (negative && magnitude === 0) continue
      if (accepted(magnitude)) return negative ? -magnitude : magnitude
    }
  }
}
