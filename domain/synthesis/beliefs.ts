/**
 * Calibrated beliefs over a junction forest (Lauritzen and Spiegelhalter 1988; Jensen, Lauritzen and Olesen 1990): a
 * table for each clique, and messages that bring a change of one table to its neighbours. Between fits every clique's
 * belief is the model's marginal over its columns, in expected rows.
 */
import { type Projection, type Projections, multiply, sumInto } from './axes.ts'
import { cellsOf } from './marginals.ts'
import type { Allowed } from './rules.ts'
import type { Forest } from './tree.ts'

/** An edge of the forest seen from one of its cliques. */
export interface Link {
  to: number
  separator: number
  /** From this clique's cells to the separator's. */
  here: Projection
  /** From the other clique's cells to the separator's. */
  there: Projection
}
/** A clique and its belief, row-major over its columns. */
export interface Clique {
  columns: number[]
  belief: Float64Array
  links: Link[]
}
/** The logarithm of a factor, row-major over ascending columns. */
export interface Potential {
  columns: readonly number[]
  potential: Float64Array
}

/** The same edge seen from its other clique. */
export const backOver = (link: Link, from: number): Link => ({
  to: from,
  separator: link.separator,
  here: link.there,
  there: link.here,
})

/** Beliefs of all cliques, by the cliques' numbers in the forest. Begins with factors of 1. */
export class Beliefs {
  readonly cliques: readonly Clique[]
  /** The first clique of each tree. */
  readonly roots: readonly number[]
  readonly #projections: Projections
  readonly #separators: Float64Array[]
  readonly #scratch: Float64Array[]

  constructor({ cliques, edges }: Forest, sizes: readonly number[], projections: Projections) {
    const tableOver = (columns: readonly number[]): Float64Array => new Float64Array(cellsOf(columns, sizes))
    this.#projections = projections
    this.cliques = cliques.map((columns) => ({ columns, belief: tableOver(columns), links: [] }))
    this.#separators = edges.map((edge) => tableOver(edge.separator).fill(1))
    this.#scratch = edges.map((edge) => tableOver(edge.separator))
    for (const [separator, edge] of edges.entries()) {
      const first = this.cliques[edge.a]!
      const second = this.cliques[edge.b]!
      const fromFirst = projections.get(first.columns, edge.separator)
      const fromSecond = projections.get(second.columns, edge.separator)
      first.links.push({ to: edge.b, separator, here: fromFirst, there: fromSecond })
      second.links.push({ to: edge.a, separator, here: fromSecond, there: fromFirst })
    }
    this.roots = this.#rootsOfTrees()
  }

  /** The number of the smallest clique that holds these columns. */
  holder(columns: readonly number[]): number {
    const cells = (clique: number): number => this.cliques[clique]!.belief.length
    return [...this.cliques.keys()]
      .filter((clique) => columns.every((column) => this.cliques[clique]!.columns.includes(column)))
      .reduce((least, clique) => (cells(clique) < cells(least) ? clique : least))
  }

  /**
   * Beliefs from the logarithms of the factors and from the rules, calibrated by collecting to each tree's root and
   * distributing from it; every belief then sums to `total`. To be called once.
   */
  calibrate(potentials: Iterable<Potential>, allowed: readonly Allowed[], total: number): void {
    for (const { columns, potential } of potentials) {
      const clique = this.cliques[this.holder(columns)]!
      const cellOf = this.#projections.get(clique.columns, columns)
      for (let i = 0; i < cellOf.length; i++) clique.belief[i]! += potential[cellOf[i]!]!
    }
    for (const { columns, cells } of allowed) {
      const clique = this.cliques[this.holder(columns)]!
      const cellOf = this.#projections.get(clique.columns, columns)
      for (let i = 0; i < cellOf.length; i++) if (cells[cellOf[i]!] === 0) clique.belief[i] = -Infinity
    }
    for (const root of this.roots) {
      this.#collect(root, -1)
      normalise(this.cliques[root]!.belief, total)
      this.distribute(root, -1)
    }
  }

  #rootsOfTrees(): number[] {
    const seen = new Set<number>()
    const reach = (clique: number): void => {
      seen.add(clique)
      for (const link of this.cliques[clique]!.links) if (!seen.has(link.to)) reach(link.to)
    }
    const roots: number[] = []
    for (let clique = 0; clique < this.cliques.length; clique++) {
      if (seen.has(clique)) continue
      roots.push(clique)
      reach(clique)
    }
    return roots
  }

  /**
   * Sends the belief of `from` over a link: the far clique is multiplied by the new separator over the old. `from`
   * gives the sums.
   */
  send(from: number, link: Link): void {
    const next = this.#scratch[link.separator]!
    const old = this.#separators[link.separator]!
    sumInto(next, this.cliques[from]!.belief, link.here)
    // The quotient goes where the old one was.
    for (let i = 0; i < next.length; i++) old[i] = quotient(next[i]!, old[i]!)
    multiply(this.cliques[link.to]!.belief, old, link.there)
    this.#scratch[link.separator] = old
    this.#separators[link.separator] = next
  }

  /** Sends the belief of a clique to all of its tree away from `parent` (-1: in all directions). */
  distribute(clique: number, parent: number): void {
    for (const link of this.cliques[clique]!.links) {
      if (link.to === parent) continue
      this.send(clique, link)
      this.distribute(link.to, clique)
    }
  }

  /** Each clique below `clique` sends its sums up and becomes conditional on its separator to the parent. */
  #collect(clique: number, parent: number): void {
    const { belief, links } = this.cliques[clique]!
    for (const link of links) {
      if (link.to === parent) continue
      this.#collect(link.to, clique)
      const logSums = this.#conditioned(this.cliques[link.to]!.belief, link)
      for (let i = 0; i < belief.length; i++) belief[i]! += logSums[link.here[i]!]!
      this.#separators[link.separator]!.fill(1)
    }
  }

  /**
   * Makes a belief in logarithms conditional on the separator of a link, and answers the logarithms of its sums there
   * (kept in the separator's scratch). In logarithms, as factors of neighbouring cliques may be huge and tiny in turn.
   */
  #conditioned(below: Float64Array, { separator, there }: Link): Float64Array {
    const top = this.#scratch[separator]!.fill(-Infinity)
    const sums = this.#separators[separator]!.fill(0)
    for (let i = 0; i < below.length; i++) {
      const cell = there[i]!
      if (below[i]! > top[cell]!) top[cell] = below[i]!
    }
    for (let i = 0; i < below.length; i++) {
      const cell = there[i]!
      const logarithm = below[i]!
      sums[cell]! += below[i] = logarithm === -Infinity ? 0 : Math.exp(logarithm - top[cell]!)
    }
    for (let i = 0; i < below.length; i++) if (below[i]! > 0) below[i]! /= sums[there[i]!]!
    for (let cell = 0; cell < top.length; cell++)
      top[cell] = sums[cell]! > 0 ? top[cell]! + Math.log(sums[cell]!) : -Infinity
    return top
  }
}

/** A root's belief from logarithms to expected rows. */
function normalise(belief: Float64Array, total: number): void {
  let top = -Infinity
  let sum = 0
  for (const logarithm of belief) if (logarithm > top) top = logarithm
  for (let i = 0; i < belief.length; i++) sum += belief[i] = Math.exp(belief[i]! - top)
  const scale = total / sum
  for (let i = 0; i < belief.length; i++) belief[i]! *= scale
}

/** A new separator cell over the old one; 0 where either is empty. */
const quotient = (next: number, old: number): number => (next !== 0 && old > 0 ? next / old : 0)
