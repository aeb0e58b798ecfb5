/**
 * Exact discrete Gaussian noise on the integer sums of an aggregate query: rho-zCDP for adding or removing one subject
 * (Canonne, Kamath and Steinke 2020).
 *
 * Each measurement is a vector over all cells. A subject is in at most `rowsPerSubject` cells and changes each by at
 * most its bound, so the vector's L2 sensitivity is the bound times the root of `rowsPerSubject`, and sigma squared is
 * bound^2 * rowsPerSubject / (2 rho'). The measurements share rho equally. Everything after the noise is arithmetic on
 * what is released. Groups that were not declared show only when their noisy count passes a threshold that a group of
 * one person passes with probability at most `delta` (stability-based selection, Korolova et al. 2009; Wilson et al.
 * 2020).
 */
import { arranged, total } from '../sql/answer.ts'
import { evaluate } from '../sql/formula.ts'
import type { Verdict } from '../release/verdict.ts'
import type { ReleasedCell } from '../release/outputs.ts'
import { type Measured, quantileBins, steps, vectorsOf } from '../sql/noise-plan.ts'
import type { NoisePlan, QueryColumn, QueryResult, QueryRow } from '../sql/result.ts'
import { epsilonOf, type NanoRho, nano } from './accounting.ts'
import { discreteGaussian, type Rational } from './noise.ts'
import type { Uniform } from './randomness.ts'

/** sigma^2 = bound^2 * cells / (2 rho / vectors), as an exact rational: rho is counted in nano-rho. */
const variance = (bound: number, cells: number, rho: NanoRho, vectors: number): Rational => ({
  numerator: BigInt(bound) ** 2n * BigInt(cells) * BigInt(vectors) * nano,
  denominator: 2n * rho,
})

const sigmaOf = ({ numerator, denominator }: Rational): number => Math.sqrt(Number(numerator) / Number(denominator))

/** People of a group for which the error of a mean is said beforehand. */
export const exampleGroup = 100
/**
 * The error that noise of `rho` makes, known before anything is asked: its standard deviation in the units of the
 * answer; that of a mean, a variance and a deviation in a group of `exampleGroup` people. A quantile's is how many
 * people its bins are off.
 */
export function expectedErrors(
  measured: Measured,
  rho: NanoRho,
): { name: string; kind: Measured['parts'][number]['kind']; error: number }[] {
  const ofCount = sigmaOf(variance(1, measured.rowsPerSubject, rho, measured.vectors))
  return measured.parts.map(({ name, kind, scale }) => {
    // The mean is centred on the middle of its bounds, which are `scale` away; a variance is of squares of that, a
    // deviation at most its root.
    const error = {
      count: ofCount,
      quantile: ofCount,
      sum: ofCount * scale,
      mean: (ofCount * scale) / exampleGroup,
      variance: (ofCount * scale ** 2) / exampleGroup,
      deviation: scale * Math.min(1, Math.sqrt(ofCount / exampleGroup)),
    }[kind]
    return { name, kind, error }
  })
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)
const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))

/** The number that noisy sums stand for; null when too few people are left in it to say anything. */
function valueOf(part: NoisePlan, sums: readonly number[], noiseOfCount: number): number | null {
  switch (part.kind) {
    case 'count':
      return Math.max(0, Math.round(sums[0]!))
    case 'sum':
      return (sums[0]! * part.scale) / steps
    case 'quantile':
      return quantile(part, sums, noiseOfCount)
    default:
      return moment(part, sums, noiseOfCount)
  }
}

/**
 * A mean, variance or deviation, from the noisy count and the noisy sums of values and of their squares, both in steps
 * of the half range around its middle.
 */
function moment(part: NoisePlan, sums: readonly number[], noiseOfCount: number): number | null {
  const [count, values, squares] = sums as [number, number, number | undefined]
  if (count < 2 || count < 2 * noiseOfCount) return null
  const mean = clamp(values / steps / count, -1, 1)
  if (part.kind === 'mean') return (part.low + part.high) / 2 + mean * part.scale
  const spread = clamp(squares! / steps / count - mean ** 2, 0, 1)
  const ofSample = (spread * part.scale ** 2 * count) / (count - 1)
  return part.kind === 'variance' ? ofSample : Math.sqrt(ofSample)
}

/**
 * From a noisy histogram over the declared range: where the cumulated counts reach the quantile, straight within the
 * bin.
 */
function quantile(part: NoisePlan, bins: readonly number[], noiseOfCount: number): number | null {
  const counts = bins.map((bin) => Math.max(0, bin))
  const all = sumOf(counts)
  if (sumOf(bins) < 2 * noiseOfCount * Math.sqrt(quantileBins) || all <= 0) return null
  const wanted = part.quantile! * all
  let below = 0
  for (const [bin, count] of counts.entries()) {
    if (count > 0 && below + count >= wanted) return part.low + (bin + (wanted - below) / count) * part.scale
    below += count
  }
  return part.high
}

/** The order of a number's noise, from public things alone; a count needs no rounding. */
function errorOf({ kind, scale }: NoisePlan, noiseOfCount: number, value: number): number {
  if (kind === 'sum') return noiseOfCount * scale
  if (kind === 'quantile') return scale
  return Math.min(scale, Math.max(Math.abs(value), scale) * 1e-3)
}

/** To the digits that are not far below the noise: those say nothing. */
function rounded(value: number, error: number): ReleasedCell {
  if (!(error > 0) || !Number.isFinite(value)) return { value }
  const step = 10 ** Math.floor(Math.log10(error) - 1)
  return { value: Number((Math.round(value / step) * step).toPrecision(12)), precision: Number(step.toPrecision(6)) }
}

/** The guarantee, as the release card says it. */
function guaranteeOf(noise: NoiseOfQuery, rho: NanoRho, delta: number): string {
  const groups = noise.declaredGroups ? '' : `; groups that few people are in are left out, which adds delta ${delta}`
  const cells = `${noise.rowsPerSubject} group${noise.rowsPerSubject === 1 ? '' : 's'}`
  return `Differentially private: rho ${Number(rho) / Number(nano)} (zCDP), about epsilon ${epsilonOf(rho, 1e-6).toPrecision(3)} at delta 0.000001, for adding or removing one subject${groups}. Each subject counts once per group, with the mean of their rows clamped to the declared bounds, in at most ${cells}.`
}
type NoiseOfQuery = NonNullable<QueryResult['noise']>

/** Draws the noise of one answer. */
class Noise {
  readonly #uniform: Uniform
  readonly #varianceOf: (bound: number) => Rational
  readonly #rowsPerSubject: number
  constructor(noise: NoiseOfQuery, rho: NanoRho, uniform: Uniform) {
    const vectors = vectorsOf(noise.parts, noise.declaredGroups)
    this.#uniform = uniform
    this.#varianceOf = (bound) => variance(bound, noise.rowsPerSubject, rho, vectors)
    this.#rowsPerSubject = noise.rowsPerSubject
  }

  /** A sum (decimal digits) that one subject changes by at most `bound` in a cell, with its noise. */
  add(exact: string, bound: number): number {
    return Number(BigInt(exact) + discreteGaussian(this.#uniform, this.#varianceOf(bound)))
  }
  /** Standard deviation of a count's noise. */
  get ofCount(): number {
    return sigmaOf(this.#varianceOf(1))
  }
  /**
   * What a noisy count must reach so that a group of one person does with probability at most `delta`.
   * P(noise >= t) <= exp(-t^2 / (2 sigma^2)) for the discrete Gaussian; one subject is in at most `rowsPerSubject`
   * groups.
   */
  threshold(delta: number): number {
    return 1 + this.ofCount * Math.sqrt(2 * Math.log(this.#rowsPerSubject / delta))
  }
}

/**
 * Releases a `noise` result for `rho`, which is all it costs, whatever the data are. `delta` is for groups that were
 * not declared. The answer's shape depends on nothing but the query, the declared values and the noise. Throws a
 * RangeError when the result is of another mode, or `rho` not positive.
 */
export function noiseQuery(result: QueryResult, rho: NanoRho, uniform: Uniform, delta = 1e-9): Verdict {
  const { noise, columns } = result
  if (!noise || rho <= 0n) throw new RangeError('noiseQuery needs a result of mode noise and a positive rho')
  const guarantee = guaranteeOf(noise, rho, delta)
  if (result.truncated)
    return {
      outcome: 'block',
      code: 'output-limit',
      outputs: [],
      findings: [{ output: 'result', rule: 'size', outcome: 'fail' }],
      guarantee,
    }
  const draws = new Noise(noise, rho, uniform)
  const threshold = draws.threshold(delta)
  const groups = columns.filter((column) => column.kind === 'group').length
  // The total over everybody is there whoever is in it; any other row only when it was declared or is large.
  const isThere = (row: QueryRow): boolean =>
    noise.declaredGroups || row.rolledUp.length === groups || draws.add(String(row.subjects), 1) >= threshold
  const rows: { cells: ReleasedCell[] }[] = []
  for (const row of result.rows) if (isThere(row)) rows.push({ cells: cellsOf(row, columns, noise.parts, draws) })
  const visible = [...columns.keys()].filter((column) => !columns[column]!.hidden)
  return {
    outcome: 'release',
    findings: [],
    guarantee,
    outputs: [
      {
        name: 'result',
        type: 'table',
        columns: visible.map((column) => ({ name: columns[column]!.name, kind: columns[column]!.kind })),
        rows: arranged(rows, result).map(({ cells }) => visible.map((column) => cells[column]!)),
      },
    ],
  }
}

/** The cells of a row: its groups, its numbers with noise, and formulas of those. */
function cellsOf(
  row: QueryRow,
  columns: readonly QueryColumn[],
  parts: readonly NoisePlan[],
  draws: Noise,
): ReleasedCell[] {
  const cells = columns.map(({ kind }, column): ReleasedCell => {
    if (kind !== 'group') return { value: null }
    return { value: row.rolledUp.includes(column) ? total : (row.values[column] ?? null) }
  })
  for (const part of parts) {
    const sums = row.exact![part.column]!.map((exact, i) => draws.add(exact, part.bounds[i]!))
    cells[part.column] = cellOf(part, valueOf(part, sums, draws.ofCount), draws.ofCount)
  }
  for (const [column, { formula }] of columns.entries()) if (formula) cells[column] = evaluate(formula, cells)
  return cells
}
function cellOf(part: NoisePlan, value: number | null, noiseOfCount: number): ReleasedCell {
  if (value === null) return { value: null, suppressed: true }
  return part.kind === 'count' ? { value } : rounded(value, errorOf(part, noiseOfCount, value))
}
