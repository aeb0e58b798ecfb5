/**
 * Discrete Laplace and discrete Gaussian noise, exactly, after Canonne, Kamath and Steinke (2020),
 * "The Discrete Gaussian for Differential Privacy", algorithms 1 to 3. Integer arithmetic only: a floating-point
 * sampler leaks through its gaps (Mironov 2012). Scales are rationals of positive integers.
 */
import type { Uniform } from './randomness.ts'

/** A positive rational, as integers. */
export interface Rational {
  numerator: bigint
  denominator: bigint
}

/** Bernoulli(numerator/denominator) with 0 <= numerator <= denominator. */
const bernoulli = (uniform: Uniform, numerator: bigint, denominator: bigint): boolean =>
  uniform.belowBig(denominator) < numerator

/** Bernoulli(exp(-x)) for rational 0 <= x <= 1: algorithm 1, by the series of exp. */
function bernoulliExpUpToOne(uniform: Uniform, numerator: bigint, denominator: bigint): boolean {
  let draws = 1n
  while (bernoulli(uniform, numerator, denominator * draws)) draws++
  return draws % 2n === 1n
}

/** Bernoulli(exp(-x)) for rational x >= 0: exact whatever the size of x (algorithm 1, beyond 1 as a product). */
export function bernoulliExp(uniform: Uniform, exponent: Rational): boolean {
  let rest = exponent.numerator
  while (rest > exponent.denominator) {
    if (!bernoulliExpUpToOne(uniform, 1n, 1n)) return false
    rest -= exponent.denominator
  }
  return bernoulliExpUpToOne(uniform, rest, exponent.denominator)
}

function checkPositive(rational: Rational, what: string): void {
  if (rational.numerator <= 0n || rational.denominator <= 0n)
    throw new RangeError(`${what} must be a positive rational`)
}

/**
 * One draw from the discrete Laplace distribution with scale t: P(x) proportional to exp(-|x|/t) (algorithm 2).
 * Throws a RangeError unless the scale is positive.
 */
export function discreteLaplace(uniform: Uniform, scale: Rational): bigint {
  checkPositive(scale, 'scale')
  const { numerator, denominator } = scale
  for (;;) {
    const offset = uniform.belowBig(numerator)
    if (!bernoulliExpUpToOne(uniform, offset, numerator)) continue
    let whole = 0n
    while (bernoulliExpUpToOne(uniform, 1n, 1n)) whole++
    const magnitude = (offset + numerator * whole) / denominator
    const negative = uniform.bit()
    // Zero has no sign: it would come twice as often.
    if (negative && magnitude === 0n) continue
    return negative ? -magnitude : magnitude
  }
}

/** The largest whole number whose square is at most `square`. */
function squareRootFloor(square: bigint): bigint {
  if (square < 2n) return square
  let root = BigInt(Math.floor(Math.sqrt(Number(square))))
  while (root * root > square) root--
  while ((root + 1n) * (root + 1n) <= square) root++
  return root
}

/**
 * One draw from the discrete Gaussian with parameter sigma squared: P(x) proportional to exp(-x^2 / (2 sigma^2))
 * (algorithm 3, by rejection from a discrete Laplace). Throws a RangeError unless sigma squared is positive.
 */
export function discreteGaussian(uniform: Uniform, sigmaSquared: Rational): bigint {
  checkPositive(sigmaSquared, 'sigmaSquared')
  const { numerator, denominator } = sigmaSquared
  const scale = squareRootFloor(numerator / denominator) + 1n
  for (;;) {
    const candidate = discreteLaplace(uniform, { numerator: scale, denominator: 1n })
    const size = candidate < 0n ? -candidate : candidate
    // exp(-(|y| - sigma^2/t)^2 / (2 sigma^2)), as one rational
    const distance = size * scale * denominator - numerator
    const exponent = { numerator: distance * distance, denominator: 2n * numerator * denominator * scale * scale }
    if (bernoulliExp(uniform, exponent)) return candidate
  }
}
