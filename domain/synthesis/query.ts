/** Marginals of a fitted model over any columns, inside a clique or across several: variable elimination on the part of the calibrated forest that joins them. */
import { sumInto } from './axes.ts'
import { cellsOf } from './marginals.ts'
import type { Model } from './model.ts'

interface Factor { columns: number[]; values: Float64Array }

/** Sum over everything but `keep` of a * b, where every column of `keep` is in a or b. */
function contract(a: Factor, b: Factor, keep: readonly number[], sizes: readonly number[]): Factor {
  const all = [...new Set([...keep, ...a.columns, ...b.columns])]
  const out = new Float64Array(cellsOf(keep, sizes))
  const strides = (columns: readonly number[]): Float64Array => {
    const s = new Float64Array(all.length)
    for (let i = columns.length - 1, n = 1; i >= 0; i--) { s[all.indexOf(columns[i]!)] = n; n *= sizes[columns[i]!]! }
    return s
  }
  const [sa, sb, so] = [strides(a.columns), strides(b.columns), strides(keep)]
  const digits = new Int32Array(all.length), last = all.length - 1
  const inner = last >= 0 ? sizes[all[last]!]! : 1, ia = sa[last] ?? 0, ib = sb[last] ?? 0, io = so[last] ?? 0
  const outer = cellsOf(all, sizes) / inner
  let pa = 0, pb = 0, po = 0
  for (let n = 0; n < outer; n++) {
    let x = pa, y = pb, o = po
    if (io === 0) { let sum = 0; for (let i = 0; i < inner; i++, x += ia, y += ib) sum += a.values[x]! * b.values[y]!; out[o]! += sum }
    else for (let i = 0; i < inner; i++, x += ia, y += ib, o += io) out[o]! += a.values[x]! * b.values[y]!
    for (let k = last - 1; k >= 0; k--) {
      const size = sizes[all[k]!]!
      pa += sa[k]!; pb += sb[k]!; po += so[k]!
      if (++digits[k]! < size) break
      digits[k] = 0
      pa -= sa[k]! * size; pb -= sb[k]! * size; po -= so[k]! * size
    }
  }
  return { columns: [...keep], values: out }
}

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
    for (const e of edges) { this.#links[e.a]!.push({ to: e.b, separator: e.separator }); this.#links[e.b]!.push({ to: e.a, separator: e.separator }) }
    this.#component = cliques.map(() => -1)
    const mark = (c: number, n: number): void => { this.#component[c] = n; for (const l of this.#links[c]!) if (this.#component[l.to]! < 0) mark(l.to, n) }
    for (const [c] of cliques.entries()) if (this.#component[c]! < 0) mark(c, c)
    this.#holders = model.sizes.map((_, x) => cliques.flatMap((c, i) => (c.includes(x) ? [i] : [])))
  }

  /** Marginal of one clique over a subset of its columns (kept in the order given). */
  #local(clique: number, columns: number[]): Factor {
    const key = `${clique}:${columns.join()}`
    let f = this.#kept.get(key)
    if (!f) {
      const from = this.#model.forest.cliques[clique]!, values = new Float64Array(cellsOf(columns, this.#model.sizes))
      sumInto(values, this.#model.belief(clique), this.#model.projection(from, columns))
      this.#kept.set(key, (f = { columns, values }))
    }
    return f
  }

  /** Expected counts over `columns`, row-major in that order. */
  marginal(columns: readonly number[]): Float64Array {
    const { sizes, total } = this.#model
    const groups = new Map<number, number[]>()
    for (const c of columns) { const k = this.#component[this.#holders[c]![0]!]!; groups.set(k, [...(groups.get(k) ?? []), c]) }
    const factors = [...groups.values()].map((g) => this.#connected(g))
    let out = factors[0]!
    for (const f of factors.slice(1)) out = contract({ columns: f.columns, values: f.values.map((x) => x / total) }, out, [...out.columns, ...f.columns], sizes)
    if (out.columns.join() === columns.join()) return out.values
    return contract(out, { columns: [], values: Float64Array.of(1) }, columns, sizes).values
  }

  /** Columns of one component. */
  #connected(columns: number[]): Factor {
    let best = -1, least = Infinity
    for (const c of this.#holders[columns[0]!]!) {
      const n = this.#model.belief(c).length
      if (n < least && columns.every((x) => this.#inside[c]!.has(x))) { best = c; least = n }
    }
    if (best >= 0) return this.#local(best, columns)
    const sub = this.#subtree(columns)
    const root = [...sub].find((c) => [...columns].some((x) => this.#inside[c]!.has(x)))!
    return this.#message(root, -1, columns, columns, sub)
  }

  /** Cliques that join the columns: leaves that add nothing are cut off until none is left. */
  #subtree(columns: readonly number[]): Set<number> {
    const start = this.#holders[columns[0]!]![0]!
    const parent = new Map<number, number>([[start, -1]])
    const order = [start]
    for (let i = 0; i < order.length; i++) for (const l of this.#links[order[i]!]!) if (!parent.has(l.to)) { parent.set(l.to, order[i]!); order.push(l.to) }
    const sub = new Set(order), degree = new Map(order.map((c) => [c, this.#links[c]!.length]))
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

  /** Sum of the subtree below `c` onto the wanted columns there and those shared with the parent, which it is conditioned on (divided by). */
  #message(c: number, parent: number, columns: readonly number[], keep: readonly number[], sub: ReadonlySet<number>): Factor {
    const { sizes } = this.#model
    const links = this.#links[c]!.filter((l) => sub.has(l.to) && l.to !== parent)
    const up = parent < 0 ? undefined : this.#links[c]!.find((l) => l.to === parent)!.separator
    const here = [...this.#inside[c]!].filter((x) => columns.includes(x) || up?.includes(x) || links.some((l) => l.separator.includes(x)))
    let f = this.#local(c, here)
    if (up) f = divide(f, this.#local(c, up), sizes)
    for (const [i, l] of links.entries()) {
      const below = this.#message(l.to, c, columns, [], sub)
      const later = new Set(links.slice(i + 1).flatMap((k) => k.separator))
      const all = [...new Set([...f.columns, ...below.columns])]
      const next = all.filter((x) => columns.includes(x) || up?.includes(x) || later.has(x))
      f = contract(f, below, next, sizes)
    }
    return keep.length && f.columns.join() !== keep.join() ? contract(f, { columns: [], values: Float64Array.of(1) }, keep, sizes) : f
  }
}

/** f / g where g's columns are among f's; 0/0 is 0. */
function divide(f: Factor, g: Factor, sizes: readonly number[]): Factor {
  const inverse = { columns: g.columns, values: g.values.map((x) => (x > 0 ? 1 / x : 0)) }
  return contract(f, inverse, f.columns, sizes)
}
