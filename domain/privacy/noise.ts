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
const bernoulli = (u: Uniform, numerator: bigint, denominator: bigint): boolean => u.belowBig(denominator) < numerator

/** Bernoulli(exp(-x)) for rational 0 <= x <= 1. */
function expUpToOne(u: Uniform, numerator: bigint, denominator: bigint): boolean {
  let k = 1n
  while (bernoulli(u, numerator, denominator * k)) k++
  return (k & 1n) === 1n
}

/** Bernoulli(exp(-x)) for rational x >= 0: exact whatever the size of x. */
export function bernoulliExp(u: Uniform, x: Rational): boolean {
  let rest = x.numerator
  while (rest > x.denominator) {
    if (!expUpToOne(u, 1n, 1n)) return false
    rest -= x.denominator
  }
  return expUpToOne(u, rest, x.denominator)
}

function check(r: Rational, what: string): void {
  if (r.numerator <= 0n || r.denominator <= 0n) throw new RangeError(`${what} must be a positive rational`)
}

/** One draw from the discrete Laplace distribution with scale t: P(x) proportional to exp(-|x|/t). */
export function discreteLaplace(u: Uniform, scale: Rational): bigint {
  check(scale, 'scale')
  const { numerator: t, denominator: s } = scale
  for (;;) {
    const offset = u.belowBig(t)
    if (!expUpToOne(u, offset, t)) continue
    let whole = 0n
    while (expUpToOne(u, 1n, 1n)) whole++
    const magnitude = (offset + t * whole) / s
    const negative = u.bit()
    if (negative && magnitude === 0n) continue
    return negative ? -magnitude : magnitude
  }
}

const squareRootFloor = (n: bigint): bigint => {
  if (n < 2n) return n
  let x = BigInt(Math.floor(Math.sqrt(Number(n))))
  while (x * x > n) x--
  while ((x + 1n) * (x + 1n) <= n) x++
  return x
}

/** One draw from the discrete Gaussian with parameter sigma squared: P(x) proportional to exp(-x^2 / (2 sigma^2)). */
export function discreteGaussian(u: Uniform, sigmaSquared: Rational): bigint {
  check(sigmaSquared, 'sigmaSquared')
  const { numerator: a, denominator: b } = sigmaSquared
  const t = squareRootFloor(a / b) + 1n
  for (;;) {
    const y = discreteLaplace(u, { numerator: t, denominator: 1n })
    // exp(-(|y| - sigma^2/t)^2 / (2 sigma^2)), as one rational
    const d = (y < 0n ? -y : y) * t * b - a
    if (bernoulliExp(u, { numerator: d * d, denominator: 2n * a * b * t * t })) return y
  }
}
