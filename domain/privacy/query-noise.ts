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
import type { NoisePlan, QueryResult } from '../sql/result.ts'
import { epsilonOf, type NanoRho, nano } from './accounting.ts'
import { discreteGaussian, type Rational } from './noise.ts'
import type { Uniform } from './randomness.ts'

/** sigma^2 = bound^2 * cells / (2 rho / vectors), as an exact rational: rho is counted in nano-rho. */
const variance = (bound: number, cells: number, rho: NanoRho, count: number): Rational => ({
  numerator: BigInt(bound) ** 2n * BigInt(cells) * BigInt(count) * nano,
  denominator: 2n * rho,
})

const sigmaOf = (v: Rational): number => Math.sqrt(Number(v.numerator) / Number(v.denominator))

/** People of a group for which the error of a mean is said beforehand. */
export const exampleGroup = 100
/**
 * The error that noise makes, known before anything is asked: its standard deviation in the units of the answer; that
 * of a mean, a variance and a deviation in a group of `exampleGroup` people. A quantile's is how many people its bins
 * are off.
 */
export function expectedErrors(
  measured: Measured,
  rho: NanoRho,
): { name: string; kind: Measured['parts'][number]['kind']; error: number }[] {
  const one = sigmaOf(variance(1, measured.rowsPerSubject, rho, measured.vectors))
  return measured.parts.map(({ name, kind, scale }) => {
    // The mean is centred on the middle of its bounds, which are `scale` away; a variance is of squares of that, a
    // deviation at most its root.
    const error = {
      count: one,
      quantile: one,
      sum: one * scale,
      mean: (one * scale) / exampleGroup,
      variance: (one * scale ** 2) / exampleGroup,
      deviation: scale * Math.min(1, Math.sqrt(one / exampleGroup)),
    }[kind]
    return { name, kind, error }
  })
}

/** The number that noisy sums stand for; null when too few people are left in it to say anything. */
function valueOf(p: NoisePlan, sums: readonly number[], noiseOfCount: number): number | null {
  const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v))
  if (p.kind === 'count') return Math.max(0, Math.round(sums[0]!))
  if (p.kind === 'sum') return (sums[0]! * p.scale) / steps
  if (p.kind === 'quantile') return quantile(p, sums, noiseOfCount)
  const [n, first, second] = sums as [number, number, number | undefined]
  if (n < 2 || n < 2 * noiseOfCount) return null
  const middle = (p.low + p.high) / 2
  const mean = clamp(first / steps / n, -1, 1)
  if (p.kind === 'mean') return middle + mean * p.scale
  const spread = (clamp(second! / steps / n - mean ** 2, 0, 1) * p.scale ** 2 * n) / (n - 1)
  return p.kind === 'variance' ? spread : Math.sqrt(spread)
}

/**
 * From a noisy histogram over the declared range: where the cumulated counts reach the quantile, straight within the
 * bin.
 */
function quantile(p: NoisePlan, bins: readonly number[], noiseOfCount: number): number | null {
  const counts = bins.map((b) => Math.max(0, b))
  const sum = bins.reduce((a, b) => a + b, 0)
  const all = counts.reduce((a, b) => a + b, 0)
  if (sum < 2 * noiseOfCount * Math.sqrt(quantileBins) || all <= 0) return null
  let below = 0
  for (const [i, c] of counts.entries()) {
    if (c > 0 && below + c >= p.quantile! * all) return p.low + (i + (p.quantile! * all - below) / c) * p.scale
    below += c
  }
  return p.high
}

const rounded = (v: number, error: number): ReleasedCell => {
  if (!(error > 0) || !Number.isFinite(v)) return { value: v }
  // Digits far below the noise say nothing.
  const step = 10 ** Math.floor(Math.log10(error) - 1)
  return { value: Number((Math.round(v / step) * step).toPrecision(12)), precision: Number(step.toPrecision(6)) }
}

/**
 * Releases a `noise` result for `rho`, which is all it costs, whatever the data are. `delta` is for groups that were
 * not declared. The answer's shape depends on nothing but the query, the declared values and the noise.
 */
export function noiseQuery(result: QueryResult, rho: NanoRho, uniform: Uniform, delta = 1e-9): Verdict {
  const { noise, columns } = result
  if (!noise || rho <= 0n) throw new RangeError('noiseQuery needs a result of mode noise and a positive rho')
  const guarantee = `Differentially private: rho ${Number(rho) / Number(nano)} (zCDP), about epsilon ${epsilonOf(rho, 1e-6).toPrecision(3)} at delta 0.000001, for adding or removing one subject${noise.declaredGroups ? '' : `; groups that few people are in are left out, which adds delta ${delta}`}. Each subject counts once per group, with the mean of their rows clamped to the declared bounds, in at most ${noise.rowsPerSubject} group${noise.rowsPerSubject === 1 ? '' : 's'}.`
  if (result.truncated)
    return {
      outcome: 'block',
      code: 'output-limit',
      outputs: [],
      findings: [{ output: 'result', rule: 'size', outcome: 'fail' }],
      guarantee,
    }
  const count = vectorsOf(noise.parts, noise.declaredGroups)
  const draw = (exact: string, bound: number): number =>
    Number(BigInt(exact) + discreteGaussian(uniform, variance(bound, noise.rowsPerSubject, rho, count)))
  const one = sigmaOf(variance(1, noise.rowsPerSubject, rho, count))
  // P(noise >= t) <= exp(-t^2 / (2 sigma^2)) for the discrete Gaussian; one subject is in at most `rowsPerSubject`
  // groups.
  const threshold = 1 + one * Math.sqrt(2 * Math.log(noise.rowsPerSubject / delta))
  const rows: { cells: ReleasedCell[] }[] = []
  for (const row of result.rows) {
    if (
      !noise.declaredGroups &&
      !(row.rolledUp.length === columns.filter((c) => c.kind === 'group').length) &&
      draw(String(row.subjects), 1) < threshold
    )
      continue
    const cells = columns.map((c, i): ReleasedCell => ({
      value: c.kind !== 'group' ? null : row.rolledUp.includes(i) ? total : (row.values[i] ?? null),
    }))
    for (const p of noise.parts) {
      const v = valueOf(
        p,
        row.exact![p.column]!.map((e, i) => draw(e, p.bounds[i]!)),
        one,
      )
      cells[p.column] =
        v === null
          ? { value: null, suppressed: true }
          : p.kind === 'count'
            ? { value: v }
            : rounded(v, errorOf(p, one, v))
    }
    for (const [i, c] of columns.entries()) if (c.formula) cells[i] = evaluate(c.formula, cells)
    rows.push({ cells })
  }
  const visible = columns.flatMap((c, i) => (c.hidden ? [] : [i]))
  return {
    outcome: 'release',
    findings: [],
    guarantee,
    outputs: [
      {
        name: 'result',
        type: 'table',
        columns: visible.map((i) => ({ name: columns[i]!.name, kind: columns[i]!.kind })),
        rows: arranged(rows, result).map((r) => visible.map((i) => r.cells[i]!)),
      },
    ],
  }
}

/** The order of a number's noise, from public things alone. */
const errorOf = (p: NoisePlan, one: number, v: number): number =>
  p.kind === 'sum'
    ? one * p.scale
    : p.kind === 'quantile'
      ? p.scale
      : Math.min(p.scale, Math.max(Math.abs(v), p.scale) * 1e-3)
