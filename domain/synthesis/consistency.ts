/**
 * Noisy tables made to agree where they overlap, weighted by their precision (Qardaji, Yang and Li 2014; Zhang et al.
 * 2018, "CALM"): for each shared set of columns, smallest first, the weighted mean of all projections, and the
 * difference spread evenly over the cells that project there. Linear, no sign constraint.
 */
import { projection } from './axes.ts'
import { cellsOf, subsets } from './marginals.ts'

/** A noisy table over ascending columns; `values` are counts and `sigma` the noise of each. */
export interface Answer {
  columns: number[]
  values: Float64Array
  sigma: number
}

const key = (c: readonly number[]): string => c.join()

/**
 * All sets of columns that two answers share and their subsets (so that what three of them share is among them),
 * smallest first; at most `most` of them.
 */
function shared(answers: readonly Answer[], most: number): number[][] {
  const sets = new Map<string, number[]>()
  for (let i = 0; i < answers.length; i++)
    for (let j = i + 1; j < answers.length; j++) {
      const other = answers[j]!.columns
      const both = answers[i]!.columns.filter((c) => other.includes(c))
      if (both.length === 0 || sets.has(key(both))) continue
      for (let k = 1; k <= both.length; k++)
        for (const s of subsets(both.length, k)) {
          const set = s.map((x) => both[x]!)
          sets.set(key(set), set)
        }
    }
  return [...sets.values()].sort((a, b) => a.length - b.length).slice(0, most)
}

/** The weighted mean total of all answers and its standard deviation: the number of rows, as far as it may be known. */
export function totalOf(answers: readonly Answer[]): { total: number; sigma: number } {
  let weight = 0
  let sum = 0
  for (const a of answers) {
    const w = 1 / (a.values.length * a.sigma * a.sigma)
    weight += w
    sum += w * a.values.reduce((x, y) => x + y, 0)
  }
  return { total: Math.max(1, sum / weight), sigma: Math.sqrt(1 / weight) }
}

/** The mean of two answers over the same columns, weighted by their precision. */
export function mean(a: Answer, b: Answer): Answer {
  const wa = 1 / (a.sigma * a.sigma)
  const wb = 1 / (b.sigma * b.sigma)
  return {
    columns: a.columns,
    values: a.values.map((x, i) => (x * wa + b.values[i]! * wb) / (wa + wb)),
    sigma: Math.sqrt(1 / (wa + wb)),
  }
}

/** New tables that agree on every shared set and on the total. */
export function consistent(answers: readonly Answer[], total: number, sizes: readonly number[]): Answer[] {
  const out = answers.map((a) => ({ ...a, values: a.values.slice() }))
  for (const a of out) {
    const off = (total - a.values.reduce((x, y) => x + y, 0)) / a.values.length
    for (let i = 0; i < a.values.length; i++) a.values[i]! += off
  }
  for (const set of shared(answers, 4000)) {
    const cells = cellsOf(set, sizes)
    const holders = out
      .filter((a) => set.every((c) => a.columns.includes(c)))
      .map((a) => {
        const p = projection(a.columns, set, sizes)
        const sums = new Float64Array(cells)
        for (let i = 0; i < p.length; i++) sums[p[i]!]! += a.values[i]!
        const spread = a.values.length / cells
        return { a, p, sums, spread, weight: 1 / (spread * a.sigma * a.sigma) }
      })
    if (holders.length < 2) continue
    const weight = holders.reduce((n, h) => n + h.weight, 0)
    const mean = new Float64Array(cells)
    for (const h of holders) for (let i = 0; i < cells; i++) mean[i]! += (h.sums[i]! * h.weight) / weight
    for (const h of holders)
      for (let i = 0; i < h.p.length; i++) {
        const k = h.p[i]!
        h.a.values[i]! += (mean[k]! - h.sums[k]!) / h.spread
      }
  }
  return out
}
