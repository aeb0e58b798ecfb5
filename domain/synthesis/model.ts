/**
 * The model: a log-linear distribution whose factors are the measured marginals, held as calibrated beliefs over a
 * junction forest, fitted to noisy answers (the estimation problem of Private-PGM; McKenna, Sheldon and Miklau 2019).
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

/** One measured marginal. All arrays are row-major tables over `columns`. */
interface Measurement {
  columns: number[]
  /** As it was measured. */
  answer: Answer
  /** As it is fitted: consistent with the other answers. */
  noisyCounts: Float64Array
  /** Logarithm of the factor. */
  potential: Float64Array
  /** By what the last step multiplied each cell. */
  ratio: Float64Array
  /** The model's own marginal when the walk last came by. */
  marginal: Float64Array
  /** Multiplier of the last step, where the next one starts. */
  shift: number
  stiffness: number
}
/** A measurement in the clique that holds it. */
interface Held {
  measurement: Measurement
  /** From the clique's cells to the measurement's. */
  projection: Projection
}
/** An edge of the forest seen from one of its cliques. */
interface Link {
  to: number
  separator: number
  /** From this clique's cells to the separator's. */
  here: Projection
  /** From the other clique's cells to the separator's. */
  there: Projection
}
interface Clique {
  columns: number[]
  belief: Float64Array
  held: Held[]
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

/** A distribution over all columns; tables that it gives are in expected rows, with `total` of them altogether. */
export class Model {
  readonly sizes: readonly number[]
  readonly #allowed: readonly Allowed[]
  readonly #projections: Projections
  readonly #measurements = new Map<string, Measurement>()
  #cliques: Clique[] = []
  #separators: Float64Array[] = []
  #scratch: Float64Array[] = []
  #roots: number[] = []
  #forest: Forest
  #total = 1

  /** `sizes`: codes of each column; `bytes`: most memory for projections that are kept. */
  constructor(sizes: readonly number[], allowed: readonly Allowed[] = [], bytes = 64_000_000) {
    this.sizes = sizes
    this.#allowed = allowed
    this.#projections = new Projections(sizes, bytes)
    this.#forest = this.#forestNow()
  }

  get forest(): Forest {
    return this.#forest
  }
  /** The number of rows, estimated from the answers. */
  get total(): number {
    return this.#total
  }
  /** What was added, answers over the same columns as one. */
  get answers(): Answer[] {
    return [...this.#measurements.values()].map((measurement) => measurement.answer)
  }
  /** The logarithms of the factors whose product, within the rules, is the model up to a constant. */
  get potentials(): { columns: readonly number[]; potential: Float64Array }[] {
    return [...this.#measurements.values()]
  }
  /** Calibrated marginal of each clique, in counts. Not to be changed. */
  belief(clique: number): Float64Array {
    return this.#cliques[clique]!.belief
  }

  /** The junction forest of the rules and of everything measured. */
  #forestNow(): Forest {
    const measured = [...this.#measurements.values()]
    return forestOf(
      [...this.#allowed, ...measured].map((table) => table.columns),
      this.sizes,
    )
  }

  /**
   * Adds answers; two answers over the same columns become their weighted mean. `columns` ascending. Call `fit`
   * afterwards.
   */
  add(answers: readonly Answer[]): void {
    for (const answer of answers) this.#keep(answer)
    const known = this.#forest.cliques.map((clique) => new Set(clique))
    const held = (answer: Answer): boolean =>
      known.some((clique) => answer.columns.every((column) => clique.has(column)))
    if (!answers.every(held)) this.#forest = this.#forestNow()
    const all = this.answers
    this.#total = totalOf(all).total
    const agreed = consistent(all, this.#total, this.sizes)
    for (const [index, measurement] of [...this.#measurements.values()].entries())
      measurement.noisyCounts = agreed[index]!.values
    this.#build()
  }

  #keep(answer: Answer): void {
    const key = answer.columns.join()
    const before = this.#measurements.get(key)
    if (before) {
      before.answer = mean(before.answer, answer)
      return
    }
    const cells = answer.values.length
    this.#measurements.set(key, {
      columns: answer.columns,
      answer,
      noisyCounts: answer.values,
      potential: new Float64Array(cells),
      ratio: new Float64Array(cells),
      marginal: new Float64Array(cells),
      shift: 0,
      stiffness: 1,
    })
  }

  /** Beliefs from the potentials, calibrated by collecting to each tree's root and distributing from it. */
  #build(): void {
    this.#cliques = this.#forest.cliques.map((columns) => ({
      columns,
      belief: new Float64Array(cellsOf(columns, this.sizes)),
      held: [],
      links: [],
    }))
    for (const measurement of this.#measurements.values()) {
      const { potential } = measurement
      const clique = this.#holder(measurement.columns)
      const projection = this.#projections.get(clique.columns, measurement.columns)
      clique.held.push({ measurement, projection })
      for (let i = 0; i < projection.length; i++) clique.belief[i]! += potential[projection[i]!]!
    }
    for (const { columns, cells } of this.#allowed) {
      const clique = this.#holder(columns)
      const projection = this.#projections.get(clique.columns, columns)
      for (let i = 0; i < projection.length; i++) if (cells[projection[i]!] === 0) clique.belief[i] = -Infinity
    }
    this.#linkUp()
    this.#roots = this.#rootsOfTrees()
    for (const root of this.#roots) {
      this.#collect(root, -1)
      this.#normalise(this.#cliques[root]!.belief)
      this.#distribute(root, -1)
    }
  }

  /** The smallest clique that holds these columns. */
  #holder(columns: readonly number[]): Clique {
    return this.#cliques
      .filter((clique) => columns.every((column) => clique.columns.includes(column)))
      .reduce((least, clique) => (clique.belief.length < least.belief.length ? clique : least))
  }

  #linkUp(): void {
    const { edges } = this.#forest
    const separatorTable = (columns: readonly number[]): Float64Array => new Float64Array(cellsOf(columns, this.sizes))
    this.#separators = edges.map((edge) => separatorTable(edge.separator).fill(1))
    this.#scratch = edges.map((edge) => separatorTable(edge.separator))
    for (const [separator, edge] of edges.entries()) {
      const first = this.#cliques[edge.a]!
      const second = this.#cliques[edge.b]!
      const fromFirst = this.#projections.get(first.columns, edge.separator)
      const fromSecond = this.#projections.get(second.columns, edge.separator)
      first.links.push({ to: edge.b, separator, here: fromFirst, there: fromSecond })
      second.links.push({ to: edge.a, separator, here: fromSecond, there: fromFirst })
    }
  }

  /** The first clique of each tree. */
  #rootsOfTrees(): number[] {
    const seen = new Set<number>()
    const reach = (clique: number): void => {
      seen.add(clique)
      for (const link of this.#cliques[clique]!.links) if (!seen.has(link.to)) reach(link.to)
    }
    const roots: number[] = []
    for (let clique = 0; clique < this.#cliques.length; clique++) {
      if (seen.has(clique)) continue
      roots.push(clique)
      reach(clique)
    }
    return roots
  }

  /** A root's belief from logarithms to expected rows. */
  #normalise(belief: Float64Array): void {
    let top = -Infinity
    let sum = 0
    for (const logarithm of belief) if (logarithm > top) top = logarithm
    for (let i = 0; i < belief.length; i++) sum += belief[i] = Math.exp(belief[i]! - top)
    const scale = this.#total / sum
    for (let i = 0; i < belief.length; i++) belief[i]! *= scale
  }

  /**
   * Sends the belief of `from` over a link: the far clique is multiplied by the new separator over the old. `from`
   * gives the sums.
   */
  #send(from: number, link: Link): void {
    const next = this.#scratch[link.separator]!
    const old = this.#separators[link.separator]!
    sumInto(next, this.#cliques[from]!.belief, link.here)
    // The quotient goes where the old one was.
    for (let i = 0; i < next.length; i++) old[i] = quotient(next[i]!, old[i]!)
    multiply(this.#cliques[link.to]!.belief, old, link.there)
    this.#scratch[link.separator] = old
    this.#separators[link.separator] = next
  }

  /** The same edge seen from its other clique. */
  #back(link: Link, from: number): Link {
    return { to: from, separator: link.separator, here: link.there, there: link.here }
  }

  /** Each clique below `clique` sends its sums up and becomes conditional on its separator to the parent. */
  #collect(clique: number, parent: number): void {
    const { belief, links } = this.#cliques[clique]!
    for (const link of links) {
      if (link.to === parent) continue
      this.#collect(link.to, clique)
      const below = this.#cliques[link.to]!.belief
      const logSums = this.#conditioned(below, link)
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

  #distribute(clique: number, parent: number): void {
    for (const link of this.#cliques[clique]!.links) {
      if (link.to === parent) continue
      this.#send(clique, link)
      this.#distribute(link.to, clique)
    }
  }

  /** One walk over a tree; answers the loss before each step, in units of noise. */
  #walk(number: number, parent: number): number {
    const clique = this.#cliques[number]!
    let loss = this.#fitHeld(clique)
    for (const link of clique.links) {
      if (link.to === parent) continue
      this.#send(number, link)
      loss += this.#walk(link.to, number)
      this.#send(link.to, this.#back(link, number))
    }
    return loss
  }

  /** A proximal step on each measurement of a clique, in turn; answers the loss before each. */
  #fitHeld(clique: Clique): number {
    const { belief } = clique
    let loss = 0
    let previous: Held | undefined
    for (const held of clique.held) {
      const { measurement, projection } = held
      const { marginal, noisyCounts, stiffness, potential, ratio, shift } = measurement
      if (previous) multiplyAndSum(belief, previous.measurement.ratio, previous.projection, marginal, projection)
      else sumInto(marginal, belief, projection)
      loss += misfit(measurement)
      measurement.shift = proximalStep(marginal, noisyCounts, stiffness, this.#total, potential, ratio, shift)
      previous = held
    }
    if (previous) multiply(belief, previous.measurement.ratio, previous.projection)
    return loss
  }

  /**
   * Fits the factors to the answers. Trees are independent and each stops by itself. Answers the number of sweeps of
   * the slowest.
   */
  fit(effort: Effort): number {
    for (const measurement of this.#measurements.values())
      measurement.stiffness = effort.stiffness * measurement.answer.sigma
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

  /** From the cells of a table over `columns` to those of one over `onto`, kept for the next call. */
  projection(columns: readonly number[], onto: readonly number[]): Projection {
    return this.#projections.get(columns, onto)
  }
}

/** A new separator cell over the old one; 0 where either is empty. */
const quotient = (next: number, old: number): number => (next !== 0 && old > 0 ? next / old : 0)

/** Squared distance of a marginal from its noisy counts in units of its noise. */
function misfit({ marginal, noisyCounts, answer }: Measurement): number {
  let sum = 0
  for (let i = 0; i < noisyCounts.length; i++) {
    const difference = marginal[i]! - noisyCounts[i]!
    sum += difference * difference
  }
  return sum / (answer.sigma * answer.sigma)
}
