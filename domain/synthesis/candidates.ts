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

/**
 * The downward closure of all triples (pairs, when there are too many triples) and of the wishes. A set is worth as
 * many as the columns it shares with the workload, as in AIM (McKenna et al. 2022, section 4), times the weight of the
 * wish that holds it. Sets over `mostCells` are left out.
 */
export function candidatesOf(sizes: readonly number[], wishes: readonly Wish[], mostCells: number): Candidate[] {
  const d = sizes.length
  const triples = d >= 3 && (d * (d - 1) * (d - 2)) / 6 <= mostCandidates
  const sets = new Map<string, number[]>()
  for (const k of triples ? [1, 2, 3] : [1, 2]) for (const s of subsets(d, Math.min(k, d))) sets.set(s.join(), s)
  for (const w of wishes)
    for (let k = 2; k <= w.columns.length; k++)
      for (const s of subsets(w.columns.length, k)) {
        const set = s.map((i) => w.columns[i]!)
        sets.set(set.join(), set)
      }
  const raw = [...sets.values()].map((columns) => ({
    columns,
    cells: cellsOf(columns, sizes),
    worth:
      columns.length *
      Math.max(1, ...wishes.filter((w) => columns.every((c) => w.columns.includes(c))).map((w) => w.weight)),
  }))
  const fitting = raw.filter((c) => c.cells <= mostCells || c.columns.length === 1)
  const top = Math.max(...fitting.map((c) => c.worth))
  return fitting.map(({ columns, cells, worth }) => ({
    columns,
    cells,
    weight: Math.max(1, Math.round((topWeight * worth) / top)),
  }))
}
