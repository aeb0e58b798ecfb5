/**
 * An empirical audit (Jagielski, Ullman and Oprea 2020): a person's rows are in or out of the data over several hundred
 * small runs, an adversary who sees all noisy answers (from which the synthetic rows follow without another look at the
 * data) guesses which, and the lower bound on the privacy loss that its success proves, at 95 % (Clopper and Pearson
 * 1934), must not exceed what was charged. The same audit with a charge that is too small must find out: an audit that
 * cannot fail proves nothing.
 */
import { describe, expect, it } from 'vitest'
import { rhoWithin } from '../privacy/accounting.ts'
import type { Method } from './auto.ts'
import type { Entry } from './journal.ts'
import { count } from './marginals.ts'
import { synthesise } from './synthesise.ts'
import { categorical, fixedUniform, tableOf } from './testing/tables.ts'

const epsilon = 10
const delta = 1e-5
const sizes = [3, 2, 3]
/** Everybody else: enough of each value that none is merged away. */
const others = Array.from({ length: 240 }, (_, i) => [i % 3, i % 2, Math.floor(i / 3) % 3])
const canary = [2, 1, 2]

const logChoose = (trials: number, successes: number): number => {
  let sum = 0
  for (let i = 1; i <= successes; i++) sum += Math.log((trials - successes + i) / i)
  return sum
}
/** P(X <= k) for Binomial(n, p). */
function below(successes: number, trials: number, probability: number): number {
  let sum = 0
  for (let i = 0; i <= successes; i++)
    sum += Math.exp(logChoose(trials, i) + i * Math.log(probability) + (trials - i) * Math.log1p(-probability))
  return Math.min(1, sum)
}
/** Upper limit of a proportion with k of n seen, at this error. */
function upper(successes: number, trials: number, error: number): number {
  if (successes === trials) return 1
  let low = successes / trials
  let high = 1
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (below(successes, trials, middle) > error) low = middle
    else high = middle
  }
  return high
}
/** Rényi divergence of order alpha < 1 between two coins. */
const divergence = (alpha: number, p: number, q: number): number =>
  Math.log(p ** alpha * q ** (1 - alpha) + (1 - p) ** alpha * (1 - q) ** (1 - alpha)) / (alpha - 1)

/**
 * Lower bound on rho at 95 % from guesses that were right (hits) and wrong (alarms) of n each: rho-zCDP means a
 * divergence of at most rho alpha between the two worlds for every alpha, and guessing does not add any. In rho, as a
 * bound in (epsilon, delta) from a few hundred runs is far below any delta worth charging.
 */
function rhoBound(hits: number, alarms: number, runs: number): number {
  const withCanary = 1 - upper(runs - hits, runs, 0.025)
  const without = upper(alarms, runs, 0.025)
  return withCanary > without
    ? Math.max(...[0.2, 0.35, 0.5, 0.65, 0.8, 0.95].map((alpha) => divergence(alpha, withCanary, without) / alpha))
    : 0
}

/** Counts of everybody else over some columns. */
const othersOver = new Map<string, Uint32Array>()
function expected(columns: readonly number[]): Uint32Array {
  const key = columns.join()
  const known = othersOver.get(key) ?? count(tableOf(others, sizes), columns, sizes)
  othersOver.set(key, known)
  return known
}

/**
 * Logarithm of how much likelier the noisy answers are with the canary than without it: above 0 the adversary guesses
 * that it is there. The threshold is fixed beforehand, so that every run counts as evidence. No entry for choices,
 * which tell little.
 */
function suspicion(entries: readonly Entry[], canaryRows: number): number {
  let sum = 0
  for (const entry of entries) {
    if (entry.kind !== 'measure' || entry.columns!.length === 0) continue
    const before = expected(entry.columns!)
    const at = entry.columns!.reduce((n, c) => n * sizes[c]! + canary[c]!, 0)
    // Groups lost in noise are merged: then the table's total still counts the canary.
    const whole = entry.values!.length === before.length
    const off = whole
      ? entry.values![at]! - before[at]!
      : (entry.values!.reduce((a, b) => a + b, 0) - others.length) / entry.values!.length
    sum += (off - canaryRows / 2 / (whole ? 1 : entry.values!.length)) / entry.sigma! ** 2
  }
  return sum
}

/** The bound that `runs` runs with the canary and as many without it prove, as a part of the budget charged. */
async function audit(
  method: Method,
  rowsPerPerson: number,
  canaryRows: number,
  runs: number,
  seed: number,
): Promise<number> {
  const domain = categorical(sizes)
  const budget = rhoWithin(epsilon, delta)
  const withCanary = tableOf([...others, ...Array.from({ length: canaryRows }, () => canary)], sizes)
  const without = tableOf(others, sizes)
  const guess = async (present: boolean, run: number): Promise<boolean> => {
    let entries: Entry[] = []
    await synthesise({
      domain,
      data: present ? withCanary : without,
      method,
      budget,
      rowsPerPerson,
      rows: 0,
      random: fixedUniform(seed + 2 * run + (present ? 1 : 0)),
      checkpoint: (checkpoint) => {
        entries = checkpoint.entries
      },
    })
    return suspicion(entries, canaryRows) > 0
  }
  let hits = 0
  let alarms = 0
  for (let i = 0; i < runs; i++) {
    if (await guess(true, i)) hits++
    if (await guess(false, i)) alarms++
  }
  return rhoBound(hits, alarms, runs) / (Number(budget) / 1e9)
}

describe('an adversary with a canary', () => {
  const methods = ['aim', 'mst', 'privsyn', 'independent'] as const
  it.each(methods)('%s: proves something, and no more than was charged', async (method) => {
    const part = await audit(method, 1, 1, 150, 10_000)
    expect(part).toBeLessThanOrEqual(1)
    // An adversary who learns nothing would pass any noise.
    expect(part).toBeGreaterThan(0.1)
  })
  it.each(methods)('%s: nor with the three rows that a person may add', async (method) => {
    expect(await audit(method, 3, 3, 150, 20_000)).toBeLessThanOrEqual(1)
  })
  it.each(methods)('%s: and notices noise of half the width that was charged for', async (method) => {
    // Two rows where one was declared: to the mechanism the same as half the noise.
    expect(await audit(method, 1, 2, 150, 30_000)).toBeGreaterThan(1)
  })
})
