/**
 * How well a synthetic table agrees with the real one: exactly, for the custodian alone; or as two figures that are
 * paid for. And what a model learns from it.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { type Domain, sizesOf } from './column-domain.ts'
import type { Table } from './encode.ts'
import { gaussian, sigmaOf, varianceFor } from './gaussian.ts'
import { count, subsets } from './marginals.ts'
import { distances } from './metrics.ts'
import { SynthesisError } from './errors.ts'
import { Stream } from './stream.ts'

export interface Agreement {
  tvd1: { column: string; tvd: number }[]
  tvd2: { columns: [string, string]; tvd: number }[]
}

/** Total variation distance of every column and every pair. Not private: for the custodian of the real table only. */
export function agreement(real: Table, synthetic: Table, domain: Domain): Agreement {
  const sizes = sizesOf(domain)
  const names = domain.columns.map((c) => c.name)
  const pairs = subsets(names.length, 2)
  return {
    tvd1: [...distances(real, synthetic, sizes, 1)].map((tvd, i) => ({ column: names[i]!, tvd })),
    tvd2: [...distances(real, synthetic, sizes, 2)].map((tvd, i) => ({
      columns: [names[pairs[i]![0]!]!, names[pairs[i]![1]!]!],
      tvd,
    })),
  }
}

/** Fixed point of the charged figures. */
const unit = 1 << 16

/**
 * Mean distance over all columns and over all pairs, each with half of `rho`. The real counts are held against the
 * synthetic ones scaled to a public number of rows (`rows`, the noisy total of the synthesis), in whole numbers: one
 * row moves the sum over m sets by at most m units, so the noise is exact discrete Gaussian noise.
 */
export function chargedAgreement(
  real: Table,
  synthetic: Table,
  domain: Domain,
  o: { rows: number; rho: NanoRho; rowsPerPerson: number; random: Uniform },
): { tvd1: number; tvd2: number; noise: number } {
  const sizes = sizesOf(domain)
  const scale = o.rows / Math.max(1, synthetic.rows)
  const figure = (k: number, rho: NanoRho): { value: number; sigma: number } => {
    const sets = subsets(sizes.length, k)
    if (sets.length === 0) return { value: 0, sigma: 0 }
    let sum = 0
    for (const set of sets) {
      const a = count(real, set, sizes)
      const b = count(synthetic, set, sizes)
      for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! * unit - Math.round(b[i]! * scale * unit))
    }
    if (!Number.isSafeInteger(sum))
      throw new SynthesisError('too_large', 'The table is too large for a charged evaluation')
    const variance = varianceFor(rho, o.rowsPerPerson * sets.length * unit)
    const per = 2 * o.rows * unit * sets.length
    return {
      value: Math.min(1, Math.max(0, (sum + gaussian(o.random, variance)()) / per)),
      sigma: sigmaOf(variance) / per,
    }
  }
  const half = o.rho / 2n
  const one = figure(1, half)
  const two = figure(2, o.rho - half)
  return { tvd1: one.value, tvd2: two.value, noise: Math.max(one.sigma, two.sigma) }
}

/** Area under the ROC curve of scores for a yes-or-no answer (ties count half). */
function auc(scores: Float64Array, yes: (row: number) => boolean): number {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!)
  let rank = 0
  let positives = 0
  for (let i = 0; i < order.length;) {
    let j = i
    while (j < order.length && scores[order[j]!] === scores[order[i]!]) j++
    for (let k = i; k < j; k++)
      if (yes(order[k]!)) {
        rank += (i + j + 1) / 2
        positives++
      }
    i = j
  }
  const negatives = order.length - positives
  return positives === 0 || negatives === 0 ? 0.5 : (rank - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Logistic regression on one-hot codes, by AdaGrad over shuffled rows; answers a scorer. */
function fit(
  table: Table,
  rows: Uint32Array,
  sizes: readonly number[],
  target: number,
  positive: number,
  stream: Stream,
): (t: Table, row: number) => number {
  const offsets = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0))
  const weights = new Float64Array(sizes.reduce((a, b) => a + b, 0) + 1)
  const squares = new Float64Array(weights.length).fill(1e-8)
  const bias = weights.length - 1
  const score = (t: Table, r: number): number => {
    let z = weights[bias]!
    for (let c = 0; c < sizes.length; c++) if (c !== target) z += weights[offsets[c]! + t.columns[c]![r]!]!
    return z
  }
  const step = (i: number, g: number): void => {
    const h = g + 1e-5 * weights[i]!
    squares[i]! += h * h
    weights[i]! -= (0.1 * h) / Math.sqrt(squares[i]!)
  }
  for (let epoch = 0; epoch < 6; epoch++) {
    stream.shuffle(rows)
    for (const r of rows) {
      const g = 1 / (1 + Math.exp(-score(table, r))) - (table.columns[target]![r] === positive ? 1 : 0)
      for (let c = 0; c < sizes.length; c++) if (c !== target) step(offsets[c]! + table.columns[c]![r]!, g)
      step(bias, g)
    }
  }
  return score
}

/**
 * What a model learns: logistic regression of the rarer of the target's two most frequent synthetic values, trained on
 * synthetic rows and on half of the real ones, both tested on the other half. Not private: for the custodian only.
 */
export function learned(
  real: Table,
  synthetic: Table,
  domain: Domain,
  targetName: string,
  random: Uniform,
): { target: string; aucReal: number; aucSynthetic: number } {
  const target = domain.columns.findIndex((c) => c.name === targetName)
  if (target < 0)
    throw new SynthesisError('bad_parameter', `There is no column “${targetName}”`, { column: targetName })
  const sizes = sizesOf(domain)
  const stream = new Stream(random)
  const frequency = [...count(synthetic, [target], sizes)].map((n, code) => ({ n, code })).sort((a, b) => b.n - a.n)
  const positive = (frequency[1] && frequency[1].n > 0 ? frequency[1] : frequency[0]!).code
  const shuffled = Uint32Array.from({ length: real.rows }, (_, i) => i)
  stream.shuffle(shuffled)
  const train = shuffled.slice(0, real.rows >> 1)
  const test = shuffled.slice(real.rows >> 1)
  const tested = (score: (t: Table, row: number) => number): number =>
    auc(
      Float64Array.from(test, (r) => score(real, r)),
      (i) => real.columns[target]![test[i]!] === positive,
    )
  return {
    target: targetName,
    aucReal: tested(fit(real, train, sizes, target, positive, stream)),
    aucSynthetic: tested(
      fit(
        synthetic,
        Uint32Array.from({ length: synthetic.rows }, (_, i) => i),
        sizes,
        target,
        positive,
        stream,
      ),
    ),
  }
}
