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
  readonly #inside: Set<number>[]
  readonly #links: { to: number; separator: number[] }[][]
  readonly #component: number[]
  readonly #holders: number[][]

  constructor(model: Model) {
    this.#model = model
    const { cliques, edges } = model.forest
    this.#inside = cliques.map((c) => new Set(c))
    this.#links = cliques.map(() => [])
    for (const e of edges) {
      this.#links[e.a]!.push({ to: e.b, separator: e.separator })
      this.#links[e.b]!.push({ to: e.a, separator: e.separator })
    }
    this.#component = cliques.map(() => -1)
    const mark = (c: number, n: number): void => {
      this.#component[c] = n
      for (const l of this.#links[c]!) if (this.#component[l.to]! < 0) mark(l.to, n)
    }
    for (const [c] of cliques.entries()) if (this.#component[c]! < 0) mark(c, c)
    this.#holders = model.sizes.map((_, x) => cliques.flatMap((c, i) => (c.includes(x) ? [i] : [])))
  }

  /** Marginal of one clique over a subset of its columns (kept in the order given). */
  #local(clique: number, columns: number[]): Factor {
    const key = `${clique}:${columns.join()}`
    let f = this.#kept.get(key)
    if (!f) {
      const from = this.#model.forest.cliques[clique]!
      const values = new Float64Array(cellsOf(columns, this.#model.sizes))
      sumInto(values, this.#model.belief(clique), this.#model.projection(from, columns))
      this.#kept.set(key, (f = { columns, values }))
    }
    return f
  }

  /** Expected counts over `columns`, row-major in that order. */
  marginal(columns: readonly number[]): Float64Array {
    const { sizes, total } = this.#model
    const groups = new Map<number, number[]>()
    for (const c of columns) {
      const k = this.#component[this.#holders[c]![0]!]!
      groups.set(k, [...(groups.get(k) ?? []), c])
    }
    const factors = [...groups.values()].map((g) => this.#connected(g))
    let out = factors[0]!
    for (const f of factors.slice(1))
      out = contract(
        { columns: f.columns, values: f.values.map((x) => x / total) },
        out,
        [...out.columns, ...f.columns],
        sizes,
      )
    return ordered(out, columns, sizes)
  }

  /** Columns of one component. */
  #connected(columns: number[]): Factor {
    let best = -1
    let least = Infinity
    for (const c of this.#holders[columns[0]!]!) {
      const n = this.#model.belief(c).length
      if (n < least && columns.every((x) => this.#inside[c]!.has(x))) {
        best = c
        least = n
      }
    }
    if (best >= 0) return this.#local(best, columns)
    const sub = this.#subtree(columns)
    // From the clique that holds most of them: what has to be carried along is least there.
    let root = -1
    let most = -1
    for (const c of sub) {
      const n = columns.filter((x) => this.#inside[c]!.has(x)).length
      if (n > most) {
        most = n
        root = c
      }
    }
    return this.#message(root, -1, columns, sub)
  }

  /** Cliques that join the columns: leaves that add nothing are cut off until none is left. */
  #subtree(columns: readonly number[]): Set<number> {
    const start = this.#holders[columns[0]!]![0]!
    const parent = new Map<number, number>([[start, -1]])
    const order = [start]
    for (let i = 0; i < order.length; i++)
      for (const l of this.#links[order[i]!]!)
        if (!parent.has(l.to)) {
          parent.set(l.to, order[i]!)
          order.push(l.to)
        }
    const sub = new Set(order)
    const degree = new Map(order.map((c) => [c, this.#links[c]!.length]))
    const useless = (c: number): boolean => {
      if (degree.get(c) !== 1) return false
      const l = this.#links[c]!.find((k) => sub.has(k.to))!
      return columns.every((x) => !this.#inside[c]!.has(x) || l.separator.includes(x))
    }
    const queue = order.filter(useless)
    for (let c = queue.pop(); c !== undefined; c = queue.pop()) {
      if (!sub.has(c) || !useless(c)) continue
      const l = this.#links[c]!.find((k) => sub.has(k.to))!
      sub.delete(c)
      degree.set(l.to, degree.get(l.to)! - 1)
      if (useless(l.to)) queue.push(l.to)
    }
    return sub
  }

  /**
   * Sum of the subtree at `c`, away from `parent`, onto the wanted columns there; divided by the separator to the
   * parent, that is, conditional on it.
   */
  #message(c: number, parent: number, columns: readonly number[], sub: ReadonlySet<number>): Factor {
    const { sizes } = this.#model
    const links = this.#links[c]!.filter((l) => sub.has(l.to) && l.to !== parent)
    const up = parent < 0 ? [] : this.#links[c]!.find((l) => l.to === parent)!.separator
    const wanted = columns.filter((x) => this.#inside[c]!.has(x) && !up.includes(x))
    const key = parent >= 0 && links.length === 0 ? `${c}|${parent}|${wanted.join()}` : ''
    const kept = key ? this.#kept.get(key) : undefined
    if (kept) return kept
    const shared = new Set(links.flatMap((l) => l.separator))
    const here = this.#model.forest.cliques[c]!.filter((x) => columns.includes(x) || up.includes(x) || shared.has(x))
    let f = this.#local(c, here)
    if (up.length) f = divide(f, this.#local(c, up), sizes)
    for (const [i, l] of links.entries()) {
      const below = this.#message(l.to, c, columns, sub)
      const later = new Set(links.slice(i + 1).flatMap((k) => k.separator))
      const next = [...new Set([...f.columns, ...below.columns])].filter(
        (x) => columns.includes(x) || up.includes(x) || later.has(x),
      )
      f = contract(f, below, next, sizes)
    }
    if (key) this.#kept.set(key, f)
    return f
  }
}
