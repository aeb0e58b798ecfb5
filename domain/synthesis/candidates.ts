/**
 * Which marginals an adaptive method may measure, and how much each is worth. Public: made from the domain, the wishes
 * and the budget alone.
 */
import type { Wish } from './engine.ts'
import { cellsOf, subsets } from './marginals.ts'

/** Scores are whole numbers; weights are scaled so that the largest is this. */
export const topWeight = 1000
/** More sets than this are not looked at in one job: triples are left out of wide tables. */
const mostCandidates = 6000

/** A set of columns (ascending), its cells and its weight (1..topWeight). */
export interface Candidate {
  columns: number[]
  cells: number
  weight: number
}

/** Whether triples of so many columns are few enough to be looked at. */
export const looksAtTriples = (columns: number): boolean =>
  columns >= 3 && (columns * (columns - 1) * (columns - 2)) / 6 <= mostCandidates

/** How much a set counts by the heaviest wish that holds it; 1 without one. */
export function wishedWeight(set: readonly number[], wishes: readonly Wish[]): number {
  const holding = wishes.filter((wish) => set.every((column) => wish.columns.includes(column)))
  return Math.max(1, ...holding.map((wish) => wish.weight))
}

/** All sets of one, two and, where they are few enough, three columns. */
function workload(columns: number): number[][] {
  const ways = looksAtTriples(columns) ? [1, 2, 3] : [1, 2]
  return ways.flatMap((size) => subsets(columns, Math.min(size, columns)))
}

/** The subsets of a wish, itself among them, from two columns. */
function subsetsOfWish({ columns }: Wish): number[][] {
  const ways = columns.slice(1).map((_, i) => i + 2)
  return ways.flatMap((size) => subsets(columns.length, size).map((set) => set.map((i) => columns[i]!)))
}

/**
 * The downward closure of all triples (pairs, when there are too many triples) and of the wishes. A set is worth as
 * many as the columns it shares with the workload, as in AIM (McKenna et al. 2022, section 4), times the weight of the
 * wish that holds it. Sets over `mostCells` are left out, single columns excepted. `sizes` are those of all columns.
 */
export function candidatesOf(sizes: readonly number[], wishes: readonly Wish[], mostCells: number): Candidate[] {
  const all = [...workload(sizes.length), ...wishes.flatMap(subsetsOfWish)]
  const distinct = new Map(all.map((columns) => [columns.join(), columns]))
  const sets = [...distinct.values()].map((columns) => ({
    columns,
    cells: cellsOf(columns, sizes),
    worth: columns.length * wishedWeight(columns, wishes),
  }))
  const fitting = sets.filter((set) => set.cells <= mostCells || set.columns.length === 1)
  const top = Math.max(...fitting.map((set) => set.worth))
  return fitting.map(({ columns, cells, worth }) => ({
    columns,
    cells,
    weight: Math.max(1, Math.round((topWeight * worth) / top)),
  }))
}
