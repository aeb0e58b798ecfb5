/**
 * Junction trees (Lauritzen and Spiegelhalter 1988): sets of columns that are measured together become cliques of a
 * chordal graph; a forest over the cliques with the running-intersection property carries exact inference. One tree for
 * each connected component.
 */
import { bitsOf, eachMember, exclude, include, isWithin, membersOf } from './bit-sets.ts'
import { cellsOf } from './marginals.ts'

/** An edge of the forest, the numbers of its two cliques and the columns that they share (ascending, never empty). */
export interface Edge {
  a: number
  b: number
  separator: number[]
}
/** Cliques, numbered from 0, and the edges between them: one tree for each connected component. */
export interface Forest {
  /** Ascending columns; every column is in at least one clique. */
  cliques: number[][]
  edges: Edge[]
  /** Cells of all cliques together. */
  cells: number
}

/** Graph in which columns of one set are all neighbours (each of itself, too): of each column its neighbours. */
function graphOf(sets: readonly (readonly number[])[], columns: number): Uint32Array[] {
  const words = (columns + 31) >> 5
  const neighbours = Array.from({ length: columns }, (_, column) => bitsOf(words, [column]))
  for (const set of sets) {
    const bits = bitsOf(words, set)
    for (const column of set) include(neighbours[column]!, bits)
  }
  return neighbours
}

/**
 * Eliminates columns one by one, the one with the smallest table first; calls back with each elimination clique. Stops
 * early when the callback answers false.
 */
function eliminate(
  neighbours: Uint32Array[],
  columns: readonly number[],
  logSizes: Float64Array,
  each: (clique: Uint32Array) => boolean,
): void {
  const logCells = (column: number): number => {
    let sum = 0
    eachMember(neighbours[column]!, (neighbour) => {
      sum += logSizes[neighbour]!
    })
    return sum
  }
  const open = new Map(columns.map((column) => [column, logCells(column)]))
  while (open.size > 0) {
    let best = -1
    let least = Infinity
    for (const [column, weight] of open)
      if (weight < least) {
        least = weight
        best = column
      }
    const clique = neighbours[best]!
    if (!each(clique)) return
    open.delete(best)
    const rest = membersOf(clique).filter((column) => column !== best)
    for (const column of rest) {
      include(neighbours[column]!, clique)
      exclude(neighbours[column]!, best)
    }
    for (const column of rest) open.set(column, logCells(column))
  }
}

/**
 * The junction forest of sets of columns over columns 0..sizes.length-1. Columns are eliminated by least weight
 * (Kjaerulff 1990); cliques are maximal.
 */
export function forestOf(sets: readonly (readonly number[])[], sizes: readonly number[]): Forest {
  const columns = sizes.map((_, column) => column)
  const found: Uint32Array[] = []
  eliminate(graphOf(sets, sizes.length), columns, Float64Array.from(sizes, Math.log), (clique) => {
    if (!found.some((other) => isWithin(clique, other))) found.push(clique.slice())
    return true
  })
  const cliques = found.map(membersOf)
  const cells = cliques.reduce((sum, clique) => sum + cellsOf(clique, sizes), 0)
  return { cliques, edges: spanningForest(cliques, sizes), cells }
}

/**
 * A maximum spanning forest by the number of shared columns, which gives running intersection; ties by the smaller
 * separator table.
 */
function spanningForest(cliques: readonly number[][], sizes: readonly number[]): Edge[] {
  const members = cliques.map((clique) => new Set(clique))
  const edges: { edge: Edge; cells: number }[] = []
  for (let first = 0; first < cliques.length; first++)
    for (let second = first + 1; second < cliques.length; second++) {
      const separator = cliques[second]!.filter((column) => members[first]!.has(column))
      if (separator.length) edges.push({ edge: { a: first, b: second, separator }, cells: cellsOf(separator, sizes) })
    }
  edges.sort((x, y) => y.edge.separator.length - x.edge.separator.length || x.cells - y.cells)
  const root = cliques.map((_, clique) => clique)
  const find = (clique: number): number => {
    let at = clique
    while (root[at] !== at) at = root[at] = root[root[at]!]!
    return at
  }
  return edges
    .filter(({ edge }) => {
      const from = find(edge.a)
      const to = find(edge.b)
      root[from] = to
      return from !== to
    })
    .map((one) => one.edge)
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
    if (found.some((other) => isWithin(clique, other))) return true
    found.push(clique.slice())
    cells += cellsOf(membersOf(clique), sizes)
    return cells <= limit
  })
  const joined = new Set(touched)
  for (const [column, size] of sizes.entries()) if (!joined.has(column)) cells += size
  return cells <= limit ? cells : Infinity
}

/**
 * Cells that the forest would have at most with one more set in it: each column that the set's best clique lacks is
 * carried along the path to the nearest clique that has it. Far quicker than forestCells, and enough to know that a
 * small set fits.
 */
export function cellsWith(forest: Forest, set: readonly number[], sizes: readonly number[]): number {
  const { cliques } = forest
  const best = cliqueWithMost(cliques, set)
  const { order, parent } = breadthFirst(forest, best)
  // By what each clique's table grows.
  const growth = new Map<number, number>()
  for (const column of set) {
    if (cliques[best]!.includes(column)) continue
    const nearest = order.find((clique) => cliques[clique]!.includes(column))
    // In another tree: only the new clique joins them.
    if (nearest === undefined) continue
    let clique = nearest
    do {
      clique = parent[clique]!
      growth.set(clique, (growth.get(clique) ?? 1) * sizes[column]!)
    } while (clique !== best)
  }
  let cells = forest.cells + cellsOf(set, sizes)
  for (const [clique, times] of growth) cells += cellsOf(cliques[clique]!, sizes) * (times - 1)
  return cells
}

/** The first clique that holds most of the set. */
function cliqueWithMost(cliques: readonly (readonly number[])[], set: readonly number[]): number {
  let best = 0
  let most = -1
  for (const [index, clique] of cliques.entries()) {
    const held = set.filter((column) => clique.includes(column)).length
    if (held > most) {
      most = held
      best = index
    }
  }
  return best
}

/** Cliques of a root's tree by distance, and the parent of each (the root's is itself). */
function breadthFirst({ cliques, edges }: Forest, root: number): { order: number[]; parent: Int32Array } {
  const neighbours = cliques.map(() => [] as number[])
  for (const edge of edges) {
    neighbours[edge.a]!.push(edge.b)
    neighbours[edge.b]!.push(edge.a)
  }
  const parent = new Int32Array(cliques.length).fill(-1)
  const order = [root]
  parent[root] = root
  for (const clique of order)
    for (const neighbour of neighbours[clique]!) {
      if (parent[neighbour] !== -1) continue
      parent[neighbour] = clique
      order.push(neighbour)
    }
  return { order, parent }
}
