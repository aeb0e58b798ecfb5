/**
 * An empirical audit (Jagielski, Ullman and Oprea 2020): a person's rows are in or out of the data over several hundred small runs, an adversary who sees the
 * noisy answers as well as the synthetic rows guesses which, and the lower bound on epsilon that its success proves, at 95 % (Clopper and Pearson 1934), must
 * not exceed what was charged. The same audit with a charge that is too small must find out: an audit that cannot fail proves nothing.
 */
import { describe, expect, it } from 'vitest'
import { rhoWithin } from '../privacy/accounting.ts'
import type { Method } from './auto.ts'
import type { Entry } from './journal.ts'
import { synthesise } from './synthesise.ts'
import { categorical, fixedUniform, tableOf } from './testing.ts'

const delta = 1e-5
const sizes = [3, 2, 3]
/** Everybody else: enough of each value that none is merged away. */
const others = Array.from({ length: 240 }, (_, i) => [i % 3, i % 2, Math.floor(i / 3) % 3])
const canary = [2, 1, 2]

const logChoose = (n: number, k: number): number => { let s = 0; for (let i = 1; i <= k; i++) s += Math.log((n - k + i) / i); return s }
/** P(X <= k) for Binomial(n, p). */
function below(k: number, n: number, p: number): number {
  let s = 0
  for (let i = 0; i <= k; i++) s += Math.exp(logChoose(n, i) + i * Math.log(p) + (n - i) * Math.log1p(-p))
  return Math.min(1, s)
}
/** Upper limit of a proportion with k of n seen, at this error. */
function upper(k: number, n: number, error: number): number {
  if (k === n) return 1
  let low = k / n, high = 1
  for (let i = 0; i < 50; i++) { const m = (low + high) / 2; if (below(k, n, m) > error) low = m; else high = m }
  return high
}
/** Lower bound on epsilon at 95 % from guesses that were right and wrong of n each. */
function epsilonBound(hits: number, alarms: number, n: number): number {
  const truePositive = 1 - upper(n - hits, n, 0.025), falsePositive = upper(alarms, n, 0.025)
  return truePositive > delta ? Math.max(0, Math.log((truePositive - delta) / falsePositive)) : 0
}

/** How much the answers look like the canary's presence: each count of a cell that holds it by its precision, and its rows in the synthetic table. */
function suspicion(entries: readonly Entry[], rows: number, like: number): number {
  let sum = 0
  for (const e of entries) {
    if (e.kind !== 'measure' || e.columns!.length === 0) continue
    const cells = e.columns!.reduce((n, c) => n * sizes[c]!, 1)
    // A merged table has other cells; its total still counts the canary.
    const value = e.values!.length === cells ? e.values![e.columns!.reduce((n, c) => n * sizes[c]! + canary[c]!, 0)]! : e.values!.reduce((a, b) => a + b, 0) / e.values!.length
    const expected = e.values!.length === cells ? others.length / cells : others.length / e.values!.length
    sum += (value - expected) / e.sigma! ** 2
  }
  return sum + 1e-9 * (like - rows / 18)
}

async function audit(method: Method, epsilon: number, rowsPerPerson: number, canaryRows: number, runs: number, seed: number): Promise<number> {
  const domain = categorical(sizes), budget = rhoWithin(epsilon, delta)
  const withCanary = tableOf([...others, ...Array.from({ length: canaryRows }, () => canary)], sizes), without = tableOf(others, sizes)
  const score = async (present: boolean, run: number): Promise<number> => {
    let entries: Entry[] = []
    const { table } = await synthesise({ domain, data: present ? withCanary : without, method, budget, rowsPerPerson, random: fixedUniform(seed + 2 * run + (present ? 1 : 0)), checkpoint: (c) => { entries = c.entries } })
    let like = 0
    for (let r = 0; r < table.rows; r++) if (canary.every((v, c) => table.columns[c]![r] === v)) like++
    return suspicion(entries, table.rows, like)
  }
  const present: number[] = [], absent: number[] = []
  for (let i = 0; i < runs; i++) { present.push(await score(true, i)); absent.push(await score(false, i)) }
  // The first half sets the threshold, the second is judged by it.
  const half = runs / 2
  let best = 0, threshold = 0
  for (const t of [...present.slice(0, half), ...absent.slice(0, half)]) {
    const bound = epsilonBound(present.slice(0, half).filter((x) => x >= t).length, absent.slice(0, half).filter((x) => x >= t).length, half)
    if (bound >= best) { best = bound; threshold = t }
  }
  return epsilonBound(present.slice(half).filter((x) => x >= threshold).length, absent.slice(half).filter((x) => x >= threshold).length, runs - half)
}

describe('an adversary with a canary', () => {
  it.each(['aim', 'mst', 'privsyn', 'independent'] as const)('%s: proves no more than was charged', async (method) => {
    expect(await audit(method, 1, 1, 1, 300, 10_000)).toBeLessThanOrEqual(1)
  })
  it.each(['aim', 'mst', 'privsyn', 'independent'] as const)('%s: nor with the three rows that a person may add', async (method) => {
    expect(await audit(method, 1, 3, 3, 200, 20_000)).toBeLessThanOrEqual(1)
  })
  it.each(['aim', 'mst', 'privsyn', 'independent'] as const)('%s: and would notice if a person added more rows than were declared', async (method) => {
    expect(await audit(method, 1, 1, 16, 100, 30_000)).toBeGreaterThan(1)
  })
})
