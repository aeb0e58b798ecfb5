/**
 * Junction trees (Lauritzen and Spiegelhalter 1988): sets of columns that are measured together become cliques of a
 * chordal graph; a forest over the cliques with the running-intersection property carries exact inference. One tree for
 * each connected component.
 */
import { cellsOf } from './marginals.ts'

/** An edge of the forest and the columns that its two cliques share (ascending, never empty). */
export interface Edge {
  a: number
  b: number
  separator: number[]
}
export interface Forest {
  /** Ascending columns; every column is in at least one clique. */
  cliques: number[][]
  edges: Edge[]
  /** Cells of all cliques together. */
  cells: number
}

const bits = (words: number, columns: readonly number[]): Uint32Array => {
  const out = new Uint32Array(words)
  for (const c of columns) out[c >> 5]! |= 1 << (c & 31)
  return out
}
const members = (set: Uint32Array): number[] => {
  const out: number[] = []
  for (let w = 0; w < set.length; w++)
    for (let x = set[w]!; x !== 0; x &= x - 1) out.push(w * 32 + (31 - Math.clz32(x & -x)))
  return out
}
const within = (a: Uint32Array, b: Uint32Array): boolean => {
  for (let w = 0; w < a.length; w++) if ((a[w]! & ~b[w]!) !== 0) return false
  return true
}

/** Graph in which columns of one set are all neighbours (each of itself, too). */
function graphOf(sets: readonly (readonly number[])[], d: number): Uint32Array[] {
  const words = (d + 31) >> 5
  const near = Array.from({ length: d }, (_, c) => bits(words, [c]))
  for (const s of sets) {
    const b = bits(words, s)
    for (const c of s) for (let w = 0; w < words; w++) near[c]![w]! |= b[w]!
  }
  return near
}

/**
 * Eliminates columns one by one, the one with the smallest table first; calls back with each elimination clique. Stops
 * early when the callback answers false.
 */
function eliminate(
  near: Uint32Array[],
  columns: readonly number[],
  logSizes: Float64Array,
  each: (clique: Uint32Array) => boolean,
): void {
  const weight = (c: number): number => {
    let s = 0
    for (let w = 0, n = near[c]!; w < n.length; w++)
      for (let x = n[w]!; x !== 0; x &= x - 1) s += logSizes[w * 32 + (31 - Math.clz32(x & -x))]!
    return s
  }
  const open = new Map(columns.map((c) => [c, weight(c)]))
  while (open.size > 0) {
    let best = -1
    let least = Infinity
    for (const [c, w] of open)
      if (w < least) {
        least = w
        best = c
      }
    const clique = near[best]!
    if (!each(clique)) return
    open.delete(best)
    const rest = members(clique).filter((c) => c !== best)
    for (const c of rest) {
      const n = near[c]!
      for (let w = 0; w < n.length; w++) n[w]! |= clique[w]!
      n[best >> 5]! &= ~(1 << (best & 31))
    }
    for (const c of rest) open.set(c, weight(c))
  }
}

/** The junction forest of sets of columns over columns 0..sizes.length-1. */
export function forestOf(sets: readonly (readonly number[])[], sizes: readonly number[]): Forest {
  const d = sizes.length
  const found: Uint32Array[] = []
  eliminate(
    graphOf(sets, d),
    Array.from({ length: d }, (_, i) => i),
    Float64Array.from(sizes, Math.log),
    (clique) => {
      if (!found.some((f) => within(clique, f))) found.push(clique.slice())
      return true
    },
  )
  const cliques = found.map(members)
  return { cliques, edges: spanning(cliques, sizes), cells: cliques.reduce((n, c) => n + cellsOf(c, sizes), 0) }
}

/**
 * A maximum spanning forest by the number of shared columns, which gives running intersection; ties by the smaller
 * separator table.
 */
function spanning(cliques: readonly number[][], sizes: readonly number[]): Edge[] {
  const inside = cliques.map((c) => new Set(c))
  const edges: { edge: Edge; cells: number }[] = []
  for (let a = 0; a < cliques.length; a++)
    for (let b = a + 1; b < cliques.length; b++) {
      const separator = cliques[b]!.filter((c) => inside[a]!.has(c))
      if (separator.length) edges.push({ edge: { a, b, separator }, cells: cellsOf(separator, sizes) })
    }
  edges.sort((x, y) => y.edge.separator.length - x.edge.separator.length || x.cells - y.cells)
  const root = cliques.map((_, i) => i)
  const find = (i: number): number => {
    while (root[i] !== i) i = root[i] = root[root[i]!]!
    return i
  }
  return edges
    .filter(({ edge: { a, b } }) => {
      const [x, y] = [find(a), find(b)]
      root[x] = y
      return x !== y
    })
    .map((e) => e.edge)
}

/**
 * Cells of the forest that these sets would have, or Infinity once it passes `limit`. Quick: nothing but the size is
 * worked out.
 */
export function forestCells(sets: readonly (readonly number[])[], sizes: readonly number[], limit: number): number {
  const found: Uint32Array[] = []
  let cells = 0
  const touched = [...new Set(sets.flat())].sort((a, b) => a - b)
  eliminate(graphOf(sets, sizes.length), touched, Float64Array.from(sizes, Math.log), (clique) => {
    if (found.some((f) => within(clique, f))) return true
    found.push(clique.slice())
    cells += cellsOf(members(clique), sizes)
    return cells <= limit
  })
  for (let c = 0, seen = new Set(touched); c < sizes.length; c++) if (!seen.has(c)) cells += sizes[c]!
  return cells <= limit ? cells : Infinity
}

/**
 * Cells that the forest would have at most with one more set in it: each column that the set's best clique lacks is
 * carried along the path to the nearest clique that has it. Far quicker than forestCells, and enough to know that a
 * small set fits.
 */
export function cellsWith(forest: Forest, set: readonly number[], sizes: readonly number[]): number {
  const { cliques, edges } = forest
  let best = 0
  let most = -1
  for (const [i, k] of cliques.entries()) {
    const n = set.filter((c) => k.includes(c)).length
    if (n > most) {
      most = n
      best = i
    }
  }
  const near = cliques.map(() => [] as number[])
  for (const e of edges) {
    near[e.a]!.push(e.b)
    near[e.b]!.push(e.a)
  }
  const parent = new Int32Array(cliques.length).fill(-1)
  const order = [best]
  const factor = new Map<number, number>()
  parent[best] = best
  for (let i = 0; i < order.length; i++)
    for (const n of near[order[i]!]!)
      if (parent[n] === -1) {
        parent[n] = order[i]!
        order.push(n)
      }
  for (const x of set) {
    if (cliques[best]!.includes(x)) continue
    const end = order.find((k) => cliques[k]!.includes(x))
    // In another tree: only the new clique joins them.
    if (end === undefined) continue
    for (let k = parent[end]!; ; k = parent[k]!) {
      factor.set(k, (factor.get(k) ?? 1) * sizes[x]!)
      if (k === best) break
    }
  }
  let cells = forest.cells + cellsOf(set, sizes)
  for (const [k, f] of factor) cells += cellsOf(cliques[k]!, sizes) * (f - 1)
  return cells
}
