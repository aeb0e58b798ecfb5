/**
 * What a domain may be learned from the data for a price: quantiles for bounds and bins, and the categories of an open
 * column. Each answers what it cost; the caller charges the price before calling and takes it off the budget of the
 * synthesis.
 */
import { type NanoRho, nano } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { choose } from './choice.ts'
import { SynthesisError } from './errors.ts'
import { gaussian, sigmaOf, varianceFor } from './gaussian.ts'
import { divide } from './shares.ts'

/** What an answer costs: zCDP, and a probability that the guarantee fails altogether. */
export interface Price {
  rho: NanoRho
  delta: number
}

/**
 * A public grid for numbers of unknown size: zero and +-(1 to 9.5 in steps of a half) times powers of ten from 1e-3 to
 * 1e12, ascending.
 */
export function wideGrid(): number[] {
  const positive: number[] = []
  for (let e = -3; e <= 12; e++) for (let m = 2; m < 20; m++) positive.push(Number(`${m / 2}e${e}`))
  return [...positive.map((x) => -x).reverse(), 0, ...positive]
}

/** Evenly spaced points of a public grid, both ends included. */
export const evenGrid = (low: number, high: number, points: number): number[] =>
  Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1))

/**
 * Quantiles by the exponential mechanism over the points of a public grid (ascending). The score of a point x for
 * quantile q is -|(1-q) below - q above|, which does not use the number of rows; one row moves it by at most max(q,
 * 1-q). `values` need no order; NaN is left out. The answers are put in ascending order.
 */
export function quantiles(
  values: ArrayLike<number>,
  wanted: readonly number[],
  grid: readonly number[],
  rho: NanoRho,
  rowsPerPerson: number,
  random: Uniform,
): { quantiles: number[]; price: Price } {
  if (grid.length === 0 || grid.some((x, i) => i > 0 && !(x > grid[i - 1]!)))
    throw new SynthesisError('bad_parameter', 'A grid needs ascending points')
  if (wanted.length === 0 || wanted.some((q) => !(q >= 0 && q <= 1)))
    throw new SynthesisError('bad_parameter', 'Quantiles are between 0 and 1')
  // How many values lie below each point: a value is counted at the first point above it.
  const upTo = new Float64Array(grid.length + 1)
  let n = 0
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!
    if (Number.isNaN(x)) continue
    let low = 0
    let high = grid.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (grid[middle]! > x) high = middle
      else low = middle + 1
    }
    upTo[low]!++
    n++
  }
  const prices = divide(
    rho,
    wanted.map(() => 1),
  )
  const found = wanted.map((q, k) => {
    const part = Math.round(q * 1000)
    let below = 0
    const scores = grid.map((_, i) => {
      below += upTo[i]!
      return -Math.abs((1000 - part) * below - part * (n - below))
    })
    return grid[choose(random, scores, Math.max(part, 1000 - part) * rowsPerPerson, prices[k]!)]!
  })
  return { quantiles: found.sort((a, b) => a - b), price: { rho, delta: 0 } }
}

/** P(X >= k) of the discrete Gaussian, rounded up. */
export function tail(sigma: number, k: number): number {
  const mass = (x: number): number => Math.exp(-((x / sigma) ** 2) / 2)
  let norm = 1
  let above = 0
  for (let x = 1, m = mass(1); m > 0; m = mass(++x)) norm += 2 * m
  for (let x = Math.abs(k), m = mass(x); m > 0; m = mass(++x)) above += m
  const p = k > 0 ? above / norm : 1 - (above - mass(Math.abs(k))) / norm
  return Math.min(1, p * (1 + 1e-9))
}

/**
 * The least whole threshold T such that a value that only one person has is released with probability at most delta. It
 * is released when its noisy count is strictly above T, that is T + 1 or more: the mass at the first released count is
 * part of delta. A person's rows may hold up to `rowsPerPerson` such values, each of at most `rowsPerPerson` rows (a
 * union bound).
 */
export function thresholdFor(sigma: number, delta: number, rowsPerPerson: number): number {
  if (!(delta > 0 && delta < 1)) throw new SynthesisError('bad_parameter', 'delta must be between 0 and 1')
  let low = rowsPerPerson - 1
  let high = rowsPerPerson + Math.ceil(40 * sigma) + 2
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (rowsPerPerson * tail(sigma, middle + 1 - rowsPerPerson) <= delta) high = middle
    else low = middle
  }
  return high
}

/**
 * The values of an open column that are common enough to be named (Gaussian threshold; Swanberg, Desfontaines and Haney
 * 2023). `counts`: rows of each value. `atLeast`: rows that a value must have by its noisy count, where that is more.
 * Values that are not kept become `other`. Ascending by name, so that the order says nothing.
 */
export function commonValues(
  counts: ReadonlyMap<string, number>,
  rho: NanoRho,
  delta: number,
  rowsPerPerson: number,
  random: Uniform,
  atLeast = 0,
): { values: string[]; threshold: number; price: Price } {
  const variance = varianceFor(rho, rowsPerPerson)
  const draw = gaussian(random, variance)
  const threshold = Math.max(thresholdFor(sigmaOf(variance), delta, rowsPerPerson), Math.floor(atLeast))
  const values: string[] = []
  for (const [value, n] of counts) if (n + draw() > threshold) values.push(value)
  return { values: values.sort(), threshold, price: { rho, delta } }
}

/** Standard deviation of a count that costs `rho`: to show with a price. */
export const countError = (rho: NanoRho, rowsPerPerson: number): number =>
  rowsPerPerson * Math.sqrt(Number(nano) / (2 * Number(rho)))
