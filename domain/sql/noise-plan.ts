/**
 * What a plan measures under noise: integer sums over subjects with a known largest change by one subject.
 *
 * Each subject counts once in a cell, with the mean of their rows there, clamped to the declared bounds; and in at most
 * `perSet` cells of a grouping set, picked by a hash of cell and subject. So the change by one subject is bounded
 * whatever the data are.
 */
import type { Measure } from './aggregates.ts'
import type { Expr } from './expr.ts'
import type { Plan } from './plan.ts'
import { notAllowed } from './refused.ts'

export interface NoisyMeasure {
  kind: 'count' | 'sum' | 'mean' | 'variance' | 'deviation' | 'quantile'
  /**
   * Largest absolute change of each part by one subject in one cell; the parts of a quantile change together by one.
   */
  bounds: number[]
  low: number
  high: number
  scale: number
  quantile?: number
}
export interface NoiseSpec {
  measures: NoisyMeasure[]
  /** Cells of each grouping set that a subject can be in. */
  perSet: number[]
  /** Every value that each key can have, missing included; undefined when the groups must be selected privately. */
  domains?: (string | number | boolean | null)[][]
}

/**
 * What a statement measures under noise, known before any data: for the quote. `parts` are the columns of the answer
 * that are measures themselves.
 */
export interface Measured {
  rowsPerSubject: number
  declaredGroups: boolean
  /** Noisy vectors that share the charge. */
  vectors: number
  parts: (NoisyMeasure & { name: string })[]
}

/** Steps in which a clamped number is counted: far below any noise. */
export const steps = 2 ** 20
/** Bins of the cumulative histogram behind a quantile. */
export const quantileBins = 64
const mostCells = 10_000
const mostPerSet = 8

const kinds: Partial<Record<Measure['aggregate'], NoisyMeasure['kind']>> = {
  count: 'count',
  'count-subjects': 'count',
  sum: 'sum',
  mean: 'mean',
  variance: 'variance',
  deviation: 'deviation',
  median: 'quantile',
  quantile: 'quantile',
}

function noisyMeasure(m: Measure): NoisyMeasure {
  const kind = kinds[m.aggregate]
  if (!kind)
    throw notAllowed(
      'Correlations, covariances and regressions have no noisy form here. Use counts, sums, means, variances, medians and quantiles, or the release mode rules.',
      m.aggregate,
    )
  if (kind === 'count') return { kind, bounds: [1], low: 0, high: 1, scale: 1 }
  const { low, high } = m.argument!
  if (low === undefined || high === undefined || !(high > low))
    throw notAllowed(
      'Noise needs bounds: aggregate a column whose minimum and maximum are declared (or arithmetic on such columns).',
    )
  if (kind === 'sum') return { kind, bounds: [steps], low, high, scale: Math.max(Math.abs(low), Math.abs(high)) }
  const scale = (high - low) / 2
  if (kind === 'mean') return { kind, bounds: [1, steps], low, high, scale }
  if (kind === 'quantile')
    return {
      kind,
      bounds: Array.from({ length: quantileBins }, () => 1),
      low,
      high,
      scale: (high - low) / quantileBins,
      quantile: m.quantile ?? 0.5,
    }
  return { kind, bounds: [1, steps, steps], low, high, scale }
}

const domainSize = (k: Expr): number => (k.values?.length ?? mostPerSet) + (k.known ? 0 : 1)

/** Checks that a plan can be answered with noise, and how. `Refused` otherwise. */
export function noisePlan(plan: Plan): NoiseSpec {
  const measures = plan.measures.map(noisyMeasure)
  const perSet = plan.sets.map((set) => {
    if (plan.from.rows.length === 0) return 1
    return set
      .filter((k) => !plan.keys[k]!.single)
      .reduce((n, k) => Math.min(mostPerSet, n * domainSize(plan.keys[k]!)), 1)
  })
  const known =
    plan.keys.every((k) => k.values !== undefined) && plan.keys.reduce((n, k) => n * domainSize(k), 1) <= mostCells
  return {
    measures,
    perSet,
    ...(known ? { domains: plan.keys.map((k) => (k.known ? [...k.values!] : [...k.values!, null])) } : {}),
  }
}

/** Cells of the whole answer that a subject can be in. */
export const cellsOf = (spec: NoiseSpec): number => spec.perSet.reduce((a, b) => a + b, 0)
/**
 * How many noisy vectors an answer needs: the bins of a quantile are one, as a subject is in one bin; groups that were
 * not declared are selected by one more.
 */
export const vectorsOf = (parts: readonly Pick<NoisyMeasure, 'kind' | 'bounds'>[], declaredGroups: boolean): number =>
  parts.reduce((n, p) => n + (p.kind === 'quantile' ? 1 : p.bounds.length), 0) + (declaredGroups ? 0 : 1)
export const measuredBy = (plan: Plan, spec: NoiseSpec): Measured => ({
  rowsPerSubject: cellsOf(spec),
  declaredGroups: spec.domains !== undefined,
  vectors: vectorsOf(spec.measures, spec.domains !== undefined),
  parts: plan.outputs.flatMap((o) => ('measure' in o ? [{ name: o.name, ...spec.measures[o.measure]! }] : [])),
})
