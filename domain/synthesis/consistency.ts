/**
 * Noisy tables made to agree where they overlap, weighted by their precision (Qardaji, Yang and Li 2014; Zhang et al.
 * 2018, "CALM"): for each shared set of columns, smallest first, the weighted mean of all projections, and the
 * difference spread evenly over the cells that project there. Linear, no sign constraint.
 */
import { type Projection, projection, sumInto } from './axes.ts'
import { cellsOf, subsets } from './marginals.ts'

/** A noisy table over ascending columns; `values` are counts and `sigma` the noise of each. */
export interface Answer {
  columns: number[]
  values: Float64Array
  sigma: number
}

const keyOf = (columns: readonly number[]): string => columns.join()
const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)
const precisionOf = (answer: Answer): number => 1 / (answer.sigma * answer.sigma)

/** All sets of columns that two answers share, each once. */
function overlaps(answers: readonly Answer[]): Map<string, number[]> {
  const sets = new Map<string, number[]>()
  for (let i = 0; i < answers.length; i++)
    for (let j = i + 1; j < answers.length; j++) {
      const other = answers[j]!.columns
      const both = answers[i]!.columns.filter((column) => other.includes(column))
      if (both.length > 0) withSubsets(sets, both)
    }
  return sets
}

/**
 * Adds a set with its subsets, so that what three answers share is among them; a set that is there has them already.
 */
function withSubsets(sets: Map<string, number[]>, columns: readonly number[]): void {
  if (sets.has(keyOf(columns))) return
  for (let size = 1; size <= columns.length; size++)
    for (const positions of subsets(columns.length, size)) {
      const set = positions.map((position) => columns[position]!)
      sets.set(keyOf(set), set)
    }
}

/** Shared sets of columns, smallest first; at most `most` of them. */
const shared = (answers: readonly Answer[], most: number): number[][] =>
  [...overlaps(answers).values()].sort((a, b) => a.length - b.length).slice(0, most)

/**
 * The total of all answers, weighted by their precision, and its standard deviation: the number of rows (at least 1),
 * as far as it may be known.
 */
export function totalOf(answers: readonly Answer[]): { total: number; sigma: number } {
  let weight = 0
  let sum = 0
  for (const { values, sigma } of answers) {
    const precision = 1 / (values.length * sigma * sigma)
    weight += precision
    sum += precision * sumOf(values)
  }
  return { total: Math.max(1, sum / weight), sigma: Math.sqrt(1 / weight) }
}

/** The mean of two answers over the same columns, weighted by their precision. */
export function mean(first: Answer, second: Answer): Answer {
  const firstWeight = precisionOf(first)
  const secondWeight = precisionOf(second)
  const weight = firstWeight + secondWeight
  return {
    columns: first.columns,
    values: first.values.map((value, i) => (value * firstWeight + second.values[i]! * secondWeight) / weight),
    sigma: Math.sqrt(1 / weight),
  }
}

/** An answer seen from a set of columns that it shares with others. */
interface Holder {
  answer: Answer
  /** From the answer's cells to the set's. */
  cellOf: Projection
  sums: Float64Array
  /** Cells of the answer to one of the set. */
  spread: number
  weight: number
}

function holderOf(answer: Answer, set: readonly number[], sizes: readonly number[]): Holder {
  const cells = cellsOf(set, sizes)
  const cellOf = projection(answer.columns, set, sizes)
  const sums = new Float64Array(cells)
  sumInto(sums, answer.values, cellOf)
  const spread = answer.values.length / cells
  return { answer, cellOf, sums, spread, weight: 1 / (spread * answer.sigma * answer.sigma) }
}

/**
 * Moves answers to the weighted mean of their sums over a shared set, the difference spread evenly over their cells.
 */
function agree(holders: readonly Holder[], cells: number): void {
  const weight = holders.reduce((sum, holder) => sum + holder.weight, 0)
  const agreed = new Float64Array(cells)
  for (const holder of holders) for (let i = 0; i < cells; i++) agreed[i]! += (holder.sums[i]! * holder.weight) / weight
  for (const { answer, cellOf, sums, spread } of holders)
    for (let i = 0; i < cellOf.length; i++) {
      const cell = cellOf[i]!
      answer.values[i]! += (agreed[cell]! - sums[cell]!) / spread
    }
}

/**
 * New tables that agree on every shared set (of the 4,000 smallest) and on the total. `sizes` are those of all columns.
 */
export function consistent(answers: readonly Answer[], total: number, sizes: readonly number[]): Answer[] {
  const out = answers.map((answer) => ({ ...answer, values: answer.values.slice() }))
  for (const { values } of out) {
    const off = (total - sumOf(values)) / values.length
    for (let i = 0; i < values.length; i++) values[i]! += off
  }
  for (const set of shared(answers, 4000)) {
    const holding = out.filter((answer) => set.every((column) => answer.columns.includes(column)))
    if (holding.length < 2) continue
    const holders = holding.map((answer) => holderOf(answer, set, sizes))
    agree(holders, cellsOf(set, sizes))
  }
  return out
}
