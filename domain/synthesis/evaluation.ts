/**
 * How well a synthetic table agrees with the real one: exactly, for the custodian alone; or as two figures that are
 * paid for.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { type Domain, sizesOf } from './column-domain.ts'
import type { Table } from './encode.ts'
import { gaussian, sigmaOf, varianceFor } from './gaussian.ts'
import { count, subsets } from './marginals.ts'
import { distances } from './metrics.ts'
import { SynthesisError } from './errors.ts'

/** Total variation distances, 0 (the same) to 1, of each column and of each pair. */
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
    tvd2: [...distances(real, synthetic, sizes, 2)].map((tvd, pair) => {
      const [first, second] = pairs[pair]!
      return { columns: [names[first!]!, names[second!]!], tvd }
    }),
  }
}

/** What charged figures cost: `rho` in nano-rho, for both together; `rows`: the public number of rows. */
export interface Charge {
  rows: number
  rho: NanoRho
  rowsPerPerson: number
  random: Uniform
}

/** Fixed point of the charged figures. */
const unit = 1 << 16

/**
 * Mean distance over all columns and over all pairs, each with half of `rho`. The real counts are held against the
 * synthetic ones scaled to a public number of rows (`rows`, the noisy total of the synthesis), in whole numbers: one
 * row moves the sum over m sets by at most m units, so the noise is exact discrete Gaussian noise. Distances are 0 to
 * 1; `noise` is the larger standard deviation of the two. Throws SynthesisError `too_large` when the sum is no longer a
 * safe integer.
 */
export function chargedAgreement(
  real: Table,
  synthetic: Table,
  domain: Domain,
  { rows, rho: budget, rowsPerPerson, random }: Charge,
): { tvd1: number; tvd2: number; noise: number } {
  const sizes = sizesOf(domain)
  const scale = rows / Math.max(1, synthetic.rows)
  const figure = (ways: number, rho: NanoRho): { value: number; sigma: number } => {
    const sets = subsets(sizes.length, ways)
    if (sets.length === 0) return { value: 0, sigma: 0 }
    let sum = 0
    for (const set of sets) {
      const realCounts = count(real, set, sizes)
      const syntheticCounts = count(synthetic, set, sizes)
      for (let i = 0; i < realCounts.length; i++)
        sum += Math.abs(realCounts[i]! * unit - Math.round(syntheticCounts[i]! * scale * unit))
    }
    if (!Number.isSafeInteger(sum))
      throw new SynthesisError('too_large', 'The table is too large for a charged evaluation')
    const variance = varianceFor(rho, rowsPerPerson * sets.length * unit)
    const whole = 2 * rows * unit * sets.length
    return {
      value: Math.min(1, Math.max(0, (sum + gaussian(random, variance)()) / whole)),
      sigma: sigmaOf(variance) / whole,
    }
  }
  const half = budget / 2n
  const one = figure(1, half)
  const two = figure(2, budget - half)
  return { tvd1: one.value, tvd2: two.value, noise: Math.max(one.sigma, two.sigma) }
}
