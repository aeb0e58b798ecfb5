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
  for (let exponent = -3; exponent <= 12; exponent++)
    for (let halves = 2; halves < 20; halves++) positive.push(Number(`${halves / 2}e${exponent}`))
  return [...positive.map((x) => -x).reverse(), 0, ...positive]
}

/** Evenly spaced points of a public grid, both ends included. */
export const evenGrid = (low: number, high: number, points: number): number[] =>
  Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1))

/** The first point of the grid that is above a value, or the number of points. */
function firstAbove(grid: readonly number[], value: number): number {
  let low = 0
  let high = grid.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (grid[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Quantiles by the exponential mechanism over the points of a public grid (Smith 2011; ascending). The score of a point
 * x for quantile q is -|(1-q) below - q above|, which does not use the number of rows; one row moves it by at most
 * max(q, 1-q). `values` need no order; NaN is left out. `wanted` are between 0 and 1, in thousandths; the answers are
 * put in ascending order. Throws SynthesisError `bad_parameter` for a grid or quantiles that are not so.
 */
export function quantiles(
  values: ArrayLike<number>,
  wanted: readonly number[],
  grid: readonly number[],
  rho: NanoRho,
  rowsPerPerson: number,
  random: Uniform,
): { quantiles: number[]; price: Price } {
  if (grid.length === 0 || grid.some((point, i) => i > 0 && !(point > grid[i - 1]!)))
    throw new SynthesisError('bad_parameter', 'A grid needs ascending points')
  if (wanted.length === 0 || wanted.some((quantile) => !(quantile >= 0 && quantile <= 1)))
    throw new SynthesisError('bad_parameter', 'Quantiles are between 0 and 1')
  // How many values lie below each point: a value is counted at the first point above it.
  const upTo = new Float64Array(grid.length + 1)
  let total = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    upTo[firstAbove(grid, value)]!++
    total++
  }
  const prices = divide(
    rho,
    wanted.map(() => 1),
  )
  const pointFor = (quantile: number, price: NanoRho): number => {
    const part = Math.round(quantile * 1000)
    let below = 0
    const scores: number[] = []
    for (let i = 0; i < grid.length; i++) {
      below += upTo[i]!
      scores.push(-Math.abs((1000 - part) * below - part * (total - below)))
    }
    return grid[choose(random, scores, Math.max(part, 1000 - part) * rowsPerPerson, price)]!
  }
  const found = wanted.map((quantile, i) => pointFor(quantile, prices[i]!))
  return { quantiles: found.sort((a, b) => a - b), price: { rho, delta: 0 } }
}

/** P(X >= least) of the discrete Gaussian, rounded up. */
export function tail(sigma: number, least: number): number {
  const density = (value: number): number => Math.exp(-((value / sigma) ** 2) / 2)
  let norm = 1
  for (let value = 1, mass = density(1); mass > 0; mass = density(++value)) norm += 2 * mass
  let above = 0
  const from = Math.abs(least)
  for (let value = from, mass = density(from); mass > 0; mass = density(++value)) above += mass
  const probability = least > 0 ? above / norm : 1 - (above - density(from)) / norm
  return Math.min(1, probability * (1 + 1e-9))
}

/**
 * The least whole threshold T such that a value that only one person has is released with probability at most delta. It
 * is released when its noisy count is strictly above T, that is T + 1 or more: the mass at the first released count is
 * part of delta. A person's rows may hold up to `rowsPerPerson` such values, each of at most `rowsPerPerson` rows (a
 * union bound). `sigma` in rows. Throws SynthesisError `bad_parameter` when delta is not between 0 and 1.
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
 * Values that are not kept become `other`. Ascending by name, so that the order says nothing. Throws SynthesisError
 * `bad_parameter` when delta is not between 0 and 1.
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
  for (const [value, count] of counts) if (count + draw() > threshold) values.push(value)
  return { values: values.sort(), threshold, price: { rho, delta } }
}

/** Standard deviation, in rows, of a count that costs `rho` (nano-rho): to show with a price. */
export const countError = (rho: NanoRho, rowsPerPerson: number): number =>
  rowsPerPerson * Math.sqrt(Number(nano) / (2 * Number(rho)))
