/**
 * What a plan measures under noise: integer sums over subjects with a known largest change by one subject.
 *
 * Each subject counts once in a cell, with the mean of their rows there, clamped to the declared bounds; and in at most
 * `perSet` cells of a grouping set, picked by a hash of cell and subject. So the change by one subject is bounded
 * whatever the data are.
 */
import type { Measure } from './aggregates.ts'
import type { Expr, Value } from './expr.ts'
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
  domains?: (Value | null)[][]
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

/** How a measure is made of noisy sums; throws `Refused` when it has no noisy form, or no declared bounds. */
function noisyMeasure(measure: Measure): NoisyMeasure {
  const kind = kinds[measure.aggregate]
  if (!kind)
    throw notAllowed(
      'Correlations, covariances and regressions have no noisy form here. Use counts, sums, means, variances, medians and quantiles, or the release mode rules.',
      measure.aggregate,
    )
  if (kind === 'count') return { kind, bounds: [1], low: 0, high: 1, scale: 1 }
  const { low, high } = measure.argument!
  if (low === undefined || high === undefined || !(high > low))
    throw notAllowed(
      'Noise needs bounds: aggregate a column whose minimum and maximum are declared (or arithmetic on such columns).',
    )
  const scale = (high - low) / 2
  switch (kind) {
    case 'sum':
      return { kind, bounds: [steps], low, high, scale: Math.max(Math.abs(low), Math.abs(high)) }
    case 'mean':
      return { kind, bounds: [1, steps], low, high, scale }
    case 'quantile': {
      const bounds = Array.from({ length: quantileBins }, () => 1)
      return { kind, bounds, low, high, scale: (high - low) / quantileBins, quantile: measure.quantile ?? 0.5 }
    }
    default:
      return { kind, bounds: [1, steps, steps], low, high, scale }
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
const product = (numbers: readonly number[]): number => numbers.reduce((total, number) => total * number, 1)

/** How many values a key can have, missing included; as many as a subject may be in, where they are not declared. */
const domainSize = (key: Expr): number => (key.values?.length ?? mostPerSet) + (key.known ? 0 : 1)

/** Checks that a plan can be answered with noise, and how. Throws `Refused` when it cannot. */
export function noisePlan(plan: Plan): NoiseSpec {
  const areDeclared = plan.keys.every((key) => key.values !== undefined)
  const isSmall = product(plan.keys.map(domainSize)) <= mostCells
  return {
    measures: plan.measures.map(noisyMeasure),
    perSet: plan.sets.map((set) => cellsOfSubject(plan, set)),
    domains: areDeclared && isSmall ? plan.keys.map(domainOf) : undefined,
  }
}
const domainOf = (key: Expr): (Value | null)[] => (key.known ? [...key.values!] : [...key.values!, null])

/** Cells of one grouping set that a subject can be in: one where each subject has one row, or one value of each key. */
function cellsOfSubject(plan: Plan, set: readonly number[]): number {
  if (plan.from.rows.length === 0) return 1
  const changing = set.map((key) => plan.keys[key]!).filter((key) => !key.single)
  return Math.min(mostPerSet, product(changing.map(domainSize)))
}

/** Cells of the whole answer that a subject can be in. */
export const cellsOf = (spec: NoiseSpec): number => sum(spec.perSet)
/**
 * How many noisy vectors an answer needs: the bins of a quantile are one, as a subject is in one bin; groups that were
 * not declared are selected by one more.
 */
export const vectorsOf = (parts: readonly Pick<NoisyMeasure, 'kind' | 'bounds'>[], declaredGroups: boolean): number =>
  sum(parts.map(({ kind, bounds }) => (kind === 'quantile' ? 1 : bounds.length))) + (declaredGroups ? 0 : 1)
/** What a plan measures under noise, for the quote. */
export const measuredBy = (plan: Plan, spec: NoiseSpec): Measured => ({
  rowsPerSubject: cellsOf(spec),
  declaredGroups: spec.domains !== undefined,
  vectors: vectorsOf(spec.measures, spec.domains !== undefined),
  parts: plan.outputs.flatMap((output) =>
    'measure' in output ? [{ name: output.name, ...spec.measures[output.measure]! }] : [],
  ),
})
