/**
 * Marginals of a fitted model over any columns, inside a clique or across several: variable elimination on the part of
 * the calibrated forest that joins them.
 */
import { sumInto } from './axes.ts'
import { contract, divide, type Factor, ordered } from './factors.ts'
import { cellsOf } from './marginals.ts'
import type { Model } from './model.ts'

/** Answers marginals of one state of a model; makes what it needs once. Throw it away when the model is fitted anew. */
export class Queries {
  readonly #model: Model
  readonly #kept = new Map<string, Factor>()
  /** Columns of each clique. */
  readonly #inside: Set<number>[]
  /** Edges of each clique. */
  readonly #links: { to: number; separator: number[] }[][]
  /** The tree of each clique, by the number of its first clique. */
  readonly #component: number[]
  /** Cliques that hold each column. */
  readonly #holders: number[][]

  constructor(model: Model) {
    this.#model = model
    const { cliques, edges } = model.forest
    this.#inside = cliques.map((clique) => new Set(clique))
    this.#links = cliques.map(() => [])
    for (const edge of edges) {
      this.#links[edge.a]!.push({ to: edge.b, separator: edge.separator })
      this.#links[edge.b]!.push({ to: edge.a, separator: edge.separator })
    }
    this.#component = cliques.map(() => -1)
    const mark = (clique: number, component: number): void => {
      this.#component[clique] = component
      for (const link of this.#links[clique]!) if (this.#component[link.to]! < 0) mark(link.to, component)
    }
    for (const [clique] of cliques.entries()) if (this.#component[clique]! < 0) mark(clique, clique)
    this.#holders = model.sizes.map((_, column) =>
      cliques.flatMap((clique, number) => (clique.includes(column) ? [number] : [])),
    )
  }

  /** Marginal of one clique over a subset of its columns (kept in the order given). */
  #local(clique: number, columns: number[]): Factor {
    const key = `${clique}:${columns.join()}`
    let factor = this.#kept.get(key)
    if (!factor) {
      const from = this.#model.forest.cliques[clique]!
      const values = new Float64Array(cellsOf(columns, this.#model.sizes))
      sumInto(values, this.#model.belief(clique), this.#model.projection(from, columns))
      this.#kept.set(key, (factor = { columns, values }))
    }
    return factor
  }

  /** Expected counts over `columns` (different ones, in any order), row-major in that order. Not to be changed. */
  marginal(columns: readonly number[]): Float64Array {
    const { sizes, total } = this.#model
    const groups = new Map<number, number[]>()
    for (const column of columns) {
      const component = this.#component[this.#holders[column]![0]!]!
      groups.set(component, [...(groups.get(component) ?? []), column])
    }
    const [first, ...others] = [...groups.values()].map((group) => this.#connected(group))
    let product = first!
    for (const { columns: more, values } of others) {
      // Trees are independent of each other.
      const probabilities = { columns: more, values: values.map((count) => count / total) }
      product = contract(probabilities, product, [...product.columns, ...more], sizes)
    }
    return ordered(product, columns, sizes)
  }

  /** Expected counts over columns of one tree, in an order of their own. */
  #connected(columns: number[]): Factor {
    let best = -1
    let least = Infinity
    for (const clique of this.#holders[columns[0]!]!) {
      const cells = this.#model.belief(clique).length
      if (cells < least && columns.every((x) => this.#inside[clique]!.has(x))) {
        best = clique
        least = cells
      }
    }
    if (best >= 0) return this.#local(best, columns)
    const sub = this.#subtree(columns)
    // From the clique that holds most of them: what has to be carried along is least there.
    let root = -1
    let most = -1
    for (const clique of sub) {
      const held = columns.filter((x) => this.#inside[clique]!.has(x)).length
      if (held > most) {
        most = held
        root = clique
      }
    }
    return this.#message(root, -1, columns, sub)
  }

  /** Cliques that join the columns: leaves that add nothing are cut off until none is left. */
  #subtree(columns: readonly number[]): Set<number> {
    // The whole component, breadth first: a set is walked while it grows.
    const sub = new Set([this.#holders[columns[0]!]![0]!])
    for (const clique of sub) for (const link of this.#links[clique]!) sub.add(link.to)
    const order = [...sub]
    const degree = new Map(order.map((clique) => [clique, this.#links[clique]!.length]))
    const useless = (clique: number): boolean => {
      if (degree.get(clique) !== 1) return false
      const link = this.#links[clique]!.find((k) => sub.has(k.to))!
      return columns.every((x) => !this.#inside[clique]!.has(x) || link.separator.includes(x))
    }
    const queue = order.filter(useless)
    for (let clique = queue.pop(); clique !== undefined; clique = queue.pop()) {
      if (!sub.has(clique) || !useless(clique)) continue
      const link = this.#links[clique]!.find((k) => sub.has(k.to))!
      sub.delete(clique)
      degree.set(link.to, degree.get(link.to)! - 1)
      if (useless(link.to)) queue.push(link.to)
    }
    return sub
  }

  /**
   * Sum of the subtree at `clique`, away from `parent`, onto the wanted columns there; divided by the separator to the
   * parent, that is, conditional on it.
   */
  #message(clique: number, parent: number, columns: readonly number[], sub: ReadonlySet<number>): Factor {
    const { sizes } = this.#model
    const links = this.#links[clique]!.filter((l) => sub.has(l.to) && l.to !== parent)
    const up = parent < 0 ? [] : this.#links[clique]!.find((l) => l.to === parent)!.separator
    const wanted = columns.filter((x) => this.#inside[clique]!.has(x) && !up.includes(x))
    const key = parent >= 0 && links.length === 0 ? `${clique}|${parent}|${wanted.join()}` : ''
    const kept = key ? this.#kept.get(key) : undefined
    if (kept) return kept
    const shared = new Set(links.flatMap((l) => l.separator))
    const here = this.#model.forest.cliques[clique]!.filter(
      (x) => columns.includes(x) || up.includes(x) || shared.has(x),
    )
    let factor = this.#local(clique, here)
    if (up.length) factor = divide(factor, this.#local(clique, up), sizes)
    for (const [index, link] of links.entries()) {
      const below = this.#message(link.to, clique, columns, sub)
      const later = new Set(links.slice(index + 1).flatMap((k) => k.separator))
      const next = [...new Set([...factor.columns, ...below.columns])].filter(
        (x) => columns.includes(x) || up.includes(x) || later.has(x),
      )
      factor = contract(factor, below, next, sizes)
    }
    if (key) this.#kept.set(key, factor)
    return factor
  }
}
