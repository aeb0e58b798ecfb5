/** The additive structure of a grouped answer: its rows, and every total over them that another query could ask for. */
import type { QueryResult } from '../sql/result.ts'
import { groupsOf } from './declared-groups.ts'
import type { Equation } from './suppression.ts'

export interface Lattice {
  equations: Equation[]
  /** Values of all cells of a column: the rows of the answer first, then the totals that are not in it. */
  valuesOf(perRow: readonly number[]): number[]
  /** Totals that are not in the answer: taken as known to the reader, because another query could give them. */
  elsewhere: number[]
}

/** Above this many cells a lattice is not built. */
const mostCells = 20_000

/** Values of the groups of a cell, as texts. */
type Keys = readonly (string | undefined)[]

/**
 * Cells by how they are rolled up and by their keys. A mask has a bit for each group that is rolled up; of those, the
 * keys do not count.
 */
class Cells {
  readonly keys: Keys[] = []
  readonly #byKey = new Map<string, number>()
  readonly #byMask = new Map<number, number[]>()

  static textOf(mask: number, keys: Keys): string {
    return `${mask}|${JSON.stringify(keys.map((key, group) => (mask & (1 << group) ? 0 : key)))}`
  }

  add(mask: number, keys: Keys): number {
    const cell = this.keys.length
    this.keys.push(keys)
    this.#byKey.set(Cells.textOf(mask, keys), cell)
    this.#byMask.set(mask, [...this.withMask(mask), cell])
    return cell
  }
  find(text: string): number | undefined {
    return this.#byKey.get(text)
  }
  withMask(mask: number): readonly number[] {
    return this.#byMask.get(mask) ?? []
  }
  /** Masks that roll up so many groups. */
  masksOfSize(size: number): number[] {
    return [...this.#byMask.keys()].filter((mask) => bitsOf(mask) === size)
  }
}

/** The lattice of an answer's rows; undefined when it would be too large to reason about. */
export function latticeOf(result: QueryResult): Lattice | undefined {
  const groups = groupsOf(result.columns)
  const cells = new Cells()
  for (const { rolledUp, values } of result.rows) {
    const mask = groups.reduce((bits, column, group) => (rolledUp.includes(column) ? bits | (1 << group) : bits), 0)
    cells.add(
      mask,
      groups.map((column) => JSON.stringify(values[column])),
    )
  }
  const own = cells.keys.length
  const equations: Equation[] = []
  const sums: Equation[] = []
  // From fine to coarse: every coarser total of what is there exists, whether asked for or not.
  for (const { mask, group } of stepsUp(cells, groups.length)) {
    const coarser = mask | (1 << group)
    for (const [text, parts] of partsByTotal(cells, mask, coarser)) {
      const there = cells.find(text)
      if (there === undefined && cells.keys.length >= mostCells) return undefined
      const total = there ?? cells.add(coarser, cells.keys[parts[0]!]!)
      if (there === undefined) sums.push({ total, parts })
      equations.push({ total, parts })
    }
  }
  return {
    equations,
    elsewhere: Array.from({ length: cells.keys.length - own }, (_, i) => own + i),
    valuesOf(perRow) {
      const values = [...perRow]
      for (const { total, parts } of sums) values[total] = parts.reduce((sum, part) => sum + values[part]!, 0)
      return values
    },
  }
}

/**
 * Each way of rolling up one more group, from fine to coarse; the cells that are made on the way are gone through too.
 */
function* stepsUp(cells: Cells, groups: number): Generator<{ mask: number; group: number }> {
  for (let size = 0; size < groups; size++)
    for (const mask of cells.masksOfSize(size))
      for (let group = 0; group < groups; group++) if (!(mask & (1 << group))) yield { mask, group }
}

/** The cells of a mask that each cell of a coarser one is the sum of, by the coarser one's text. */
function partsByTotal(cells: Cells, mask: number, coarser: number): Map<string, number[]> {
  const totals = new Map<string, number[]>()
  for (const cell of cells.withMask(mask)) {
    const text = Cells.textOf(coarser, cells.keys[cell]!)
    const parts = totals.get(text)
    if (parts) parts.push(cell)
    else totals.set(text, [cell])
  }
  return totals
}

/** How many bits of a mask are set. */
function bitsOf(mask: number): number {
  let bits = 0
  for (let rest = mask; rest; rest &= rest - 1) bits++
  return bits
}
