/** The additive structure of a grouped answer: its rows, and every total over them that another query could ask for. */
import type { QueryResult } from '../sql/result.ts'
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

/** Undefined when it would be too large to reason about. */
export function latticeOf(result: QueryResult): Lattice | undefined {
  const groups = result.columns.flatMap((c, i) => (c.kind === 'group' ? [i] : []))
  const bits = groups.length
  const maskOf = (rolled: readonly number[]): number =>
    groups.reduce((m, c, i) => (rolled.includes(c) ? m | (1 << i) : m), 0)
  const cells = new Map<string, number>()
  const keysOf: (string | undefined)[][] = []
  const key = (mask: number, keys: readonly (string | undefined)[]): string =>
    `${mask}|${JSON.stringify(keys.map((k, i) => (mask & (1 << i) ? 0 : k)))}`
  const byMask = new Map<number, number[]>()
  const add = (mask: number, keys: (string | undefined)[]): number => {
    const id = keysOf.length
    keysOf.push(keys)
    cells.set(key(mask, keys), id)
    byMask.set(mask, [...(byMask.get(mask) ?? []), id])
    return id
  }
  for (const row of result.rows)
    add(
      maskOf(row.rolledUp),
      groups.map((c) => JSON.stringify(row.values[c])),
    )
  const own = keysOf.length
  const equations: Equation[] = []
  const sums: { cell: number; parts: number[] }[] = []
  // From fine to coarse: every coarser total of what is there exists, whether asked for or not.
  for (let size = 0; size < bits; size++)
    for (const mask of [...byMask.keys()].filter((m) => ones(m) === size))
      for (let j = 0; j < bits; j++) {
        if (mask & (1 << j)) continue
        const up = mask | (1 << j)
        const totals = new Map<string, number[]>()
        for (const c of byMask.get(mask)!) {
          const k = key(up, keysOf[c]!)
          const parts = totals.get(k)
          if (parts) parts.push(c)
          else totals.set(k, [c])
        }
        for (const [k, parts] of totals) {
          let total = cells.get(k)
          if (total === undefined) {
            if (keysOf.length >= mostCells) return undefined
            total = add(up, keysOf[parts[0]!]!)
            sums.push({ cell: total, parts })
          }
          equations.push({ total, parts })
        }
      }
  return {
    equations,
    elsewhere: Array.from({ length: keysOf.length - own }, (_, i) => own + i),
    valuesOf(perRow) {
      const out = [...perRow]
      for (const { cell, parts } of sums) out[cell] = parts.reduce((s, p) => s + out[p]!, 0)
      return out
    },
  }
}
const ones = (n: number): number => {
  let c = 0
  for (let m = n; m; m &= m - 1) c++
  return c
}
