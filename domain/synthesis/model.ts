/**
 * The model: a log-linear distribution whose factors are the measured marginals, held as calibrated beliefs over a
 * junction forest, fitted to noisy answers.
 *
 * Fitting walks each tree in depth-first order. Wherever it stands, the clique's belief is the model's exact marginal
 * given all changes so far (messages travel along with the walk), so each measured marginal gets its own exact proximal
 * step (step.ts) instead of one global gradient step with one global size: a sweep costs two messages an edge,
 * components and single columns solve by themselves, and warm starts need a handful of sweeps.
 */
import { type Projection, Projections, multiply, multiplyAndSum, sumInto } from './axes.ts'
import { type Answer, consistent, mean, totalOf } from './consistency.ts'
import { cellsOf } from './marginals.ts'
import type { Allowed } from './rules.ts'
import { proximalStep } from './step.ts'
import { type Forest, forestOf } from './tree.ts'

interface Part {
  columns: number[]
  raw: Answer
  y: Float64Array
  /** log factor */
  theta: Float64Array
  ratio: Float64Array
  mass: Float64Array
  shift: number
  stiffness: number
}
interface Held {
  part: Part
  p: Projection
}
interface Link {
  to: number
  separator: number
  here: Projection
  there: Projection
}
interface Clique {
  columns: number[]
  belief: Float64Array
  parts: Held[]
  links: Link[]
}

/**
 * How a fit is run: at most `sweeps`, ended when the loss falls by less than `tolerance` of itself; `stiffness` in
 * units of each marginal's noise.
 */
export interface Effort {
  sweeps: number
  tolerance: number
  stiffness: number
}

export class Model {
  readonly sizes: readonly number[]
  readonly #allowed: readonly Allowed[]
  readonly #projections: Projections
  readonly #parts = new Map<string, Part>()
  #cliques: Clique[] = []
  #separators: Float64Array[] = []
  #scratch: Float64Array[] = []
  #roots: number[] = []
  #forest: Forest
  #total = 1

  constructor(sizes: readonly number[], allowed: readonly Allowed[] = [], bytes = 64_000_000) {
    this.sizes = sizes
    this.#allowed = allowed
    this.#projections = new Projections(sizes, bytes)
    this.#forest = forestOf(
      allowed.map((a) => a.columns),
      sizes,
    )
  }

  get forest(): Forest {
    return this.#forest
  }
  /** The number of rows, estimated from the answers. */
  get total(): number {
    return this.#total
  }
  get answers(): Answer[] {
    return [...this.#parts.values()].map((p) => p.raw)
  }
  /** The logarithms of the factors whose product, within the rules, is the model up to a constant. */
  get factors(): { columns: readonly number[]; theta: Float64Array }[] {
    return [...this.#parts.values()]
  }
  /** Calibrated marginal of each clique, in counts. Not to be changed. */
  belief(clique: number): Float64Array {
    return this.#cliques[clique]!.belief
  }

  /**
   * Adds answers; two answers over the same columns become their weighted mean. `columns` ascending. Call `fit`
   * afterwards.
   */
  add(answers: readonly Answer[]): void {
    for (const a of answers) {
      const key = a.columns.join()
      const before = this.#parts.get(key)
      const raw = before ? mean(before.raw, a) : a
      if (before) {
        before.raw = raw
        continue
      }
      const cells = a.values.length
      this.#parts.set(key, {
        columns: a.columns,
        raw,
        y: raw.values,
        theta: new Float64Array(cells),
        ratio: new Float64Array(cells),
        mass: new Float64Array(cells),
        shift: 0,
        stiffness: 1,
      })
    }
    const known = this.#forest.cliques.map((c) => new Set(c))
    const fits = answers.every((a) => known.some((k) => a.columns.every((c) => k.has(c))))
    if (!fits)
      this.#forest = forestOf(
        [...this.#allowed.map((a) => a.columns), ...[...this.#parts.values()].map((p) => p.columns)],
        this.sizes,
      )
    const agreed = totalOf(this.answers)
    this.#total = agreed.total
    const parts = [...this.#parts.values()]
    for (const [i, a] of consistent(
      parts.map((p) => p.raw),
      agreed.total,
      this.sizes,
    ).entries())
      parts[i]!.y = a.values
    this.#build()
  }

  /** Beliefs from the log factors, calibrated by collecting to each tree's root and distributing from it. */
  #build(): void {
    const { cliques, edges } = this.#forest
    this.#cliques = cliques.map((columns) => ({
      columns,
      belief: new Float64Array(cellsOf(columns, this.sizes)),
      parts: [],
      links: [],
    }))
    const holder = (set: readonly number[]): Clique =>
      this.#cliques
        .filter((c) => set.every((x) => c.columns.includes(x)))
        .reduce((a, b) => (b.belief.length < a.belief.length ? b : a))
    for (const part of this.#parts.values()) {
      const c = holder(part.columns)
      const p = this.#projections.get(c.columns, part.columns)
      c.parts.push({ part, p })
      for (let i = 0; i < p.length; i++) c.belief[i]! += part.theta[p[i]!]!
    }
    for (const a of this.#allowed) {
      const c = holder(a.columns)
      const p = this.#projections.get(c.columns, a.columns)
      for (let i = 0; i < p.length; i++) if (a.cells[p[i]!] === 0) c.belief[i] = -Infinity
    }
    this.#separators = edges.map((e) => new Float64Array(cellsOf(e.separator, this.sizes)).fill(1))
    this.#scratch = edges.map((e) => new Float64Array(cellsOf(e.separator, this.sizes)))
    for (const [i, e] of edges.entries()) {
      const a = this.#projections.get(this.#cliques[e.a]!.columns, e.separator)
      const b = this.#projections.get(this.#cliques[e.b]!.columns, e.separator)
      this.#cliques[e.a]!.links.push({ to: e.b, separator: i, here: a, there: b })
      this.#cliques[e.b]!.links.push({ to: e.a, separator: i, here: b, there: a })
    }
    const seen = new Set<number>()
    this.#roots = []
    const reach = (c: number): void => {
      seen.add(c)
      for (const l of this.#cliques[c]!.links) if (!seen.has(l.to)) reach(l.to)
    }
    for (let c = 0; c < this.#cliques.length; c++)
      if (!seen.has(c)) {
        this.#roots.push(c)
        reach(c)
      }
    for (const root of this.#roots) {
      this.#collect(root, -1)
      const belief = this.#cliques[root]!.belief
      let top = -Infinity
      let sum = 0
      for (const x of belief) if (x > top) top = x
      for (let i = 0; i < belief.length; i++) sum += belief[i] = Math.exp(belief[i]! - top)
      const scale = this.#total / sum
      for (let i = 0; i < belief.length; i++) belief[i]! *= scale
      this.#distribute(root, -1)
    }
  }

  /**
   * Sends the belief of `from` over a link: the far clique is multiplied by the new separator over the old. `from`
   * gives the sums.
   */
  #send(from: number, l: Link): void {
    const next = this.#scratch[l.separator]!
    const old = this.#separators[l.separator]!
    sumInto(next, this.#cliques[from]!.belief, l.here)
    // The quotient goes where the old one was.
    for (let i = 0; i < next.length; i++) old[i] = quotient(next[i]!, old[i]!)
    multiply(this.#cliques[l.to]!.belief, old, l.there)
    this.#scratch[l.separator] = old
    this.#separators[l.separator] = next
  }
  #back(l: Link, from: number): Link {
    return { to: from, separator: l.separator, here: l.there, there: l.here }
  }
  /**
   * In logarithms, as factors of neighbouring cliques may be huge and tiny in turn: each clique below `c` sends the
   * logarithm of its sums up and becomes conditional on its separator to the parent.
   */
  #collect(c: number, parent: number): void {
    for (const l of this.#cliques[c]!.links)
      if (l.to !== parent) {
        this.#collect(l.to, c)
        const below = this.#cliques[l.to]!.belief
        const top = this.#scratch[l.separator]!.fill(-Infinity)
        const sums = this.#separators[l.separator]!.fill(0)
        for (let i = 0; i < below.length; i++) {
          const k = l.there[i]!
          if (below[i]! > top[k]!) top[k] = below[i]!
        }
        for (let i = 0; i < below.length; i++) {
          const k = l.there[i]!
          const x = below[i]!
          sums[k]! += below[i] = x === -Infinity ? 0 : Math.exp(x - top[k]!)
        }
        for (let i = 0; i < below.length; i++) {
          const k = l.there[i]!
          if (below[i]! > 0) below[i]! /= sums[k]!
        }
        const here = this.#cliques[c]!.belief
        for (let i = 0; i < here.length; i++) {
          const k = l.here[i]!
          here[i]! += sums[k]! > 0 ? top[k]! + Math.log(sums[k]!) : -Infinity
        }
        sums.fill(1)
      }
  }
  #distribute(c: number, parent: number): void {
    for (const l of this.#cliques[c]!.links)
      if (l.to !== parent) {
        this.#send(c, l)
        this.#distribute(l.to, c)
      }
  }

  /** One walk over a tree; answers the loss before each step, in units of noise. */
  #walk(c: number, parent: number): number {
    const clique = this.#cliques[c]!
    let loss = 0
    let previous: Held | undefined
    for (const h of clique.parts) {
      const { part } = h
      if (previous) multiplyAndSum(clique.belief, previous.part.ratio, previous.p, part.mass, h.p)
      else sumInto(part.mass, clique.belief, h.p)
      loss += misfit(part)
      part.shift = proximalStep(part.mass, part.y, part.stiffness, this.#total, part.theta, part.ratio, part.shift)
      previous = h
    }
    if (previous) multiply(clique.belief, previous.part.ratio, previous.p)
    for (const l of clique.links)
      if (l.to !== parent) {
        this.#send(c, l)
        loss += this.#walk(l.to, c)
        this.#send(l.to, this.#back(l, c))
      }
    return loss
  }

  /**
   * Fits the factors to the answers. Trees are independent and each stops by itself. Answers the number of sweeps of
   * the slowest.
   */
  fit(effort: Effort): number {
    for (const p of this.#parts.values()) p.stiffness = effort.stiffness * p.raw.sigma
    let most = 0
    for (const root of this.#roots) {
      let last = Infinity
      let sweep = 0
      for (; sweep < effort.sweeps; sweep++) {
        const loss = this.#walk(root, -1)
        if (last - loss < effort.tolerance * loss && sweep > 1) break
        last = loss
      }
      // What changed after the walk had left a branch is brought there.
      this.#distribute(root, -1)
      most = Math.max(most, sweep)
    }
    return most
  }

  projection(columns: readonly number[], onto: readonly number[]): Projection {
    return this.#projections.get(columns, onto)
  }
}

/** A new separator cell over the old one; 0 where either is empty. */
const quotient = (next: number, old: number): number => (next !== 0 && old > 0 ? next / old : 0)

/** Squared distance of a marginal from its noisy answer in units of its noise. */
function misfit(p: Part): number {
  let sum = 0
  for (let i = 0; i < p.y.length; i++) {
    const d = p.mass[i]! - p.y[i]!
    sum += d * d
  }
  return sum / (p.raw.sigma * p.raw.sigma)
}
