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
import { backOver, Beliefs, type Potential } from './beliefs.ts'
import { type Answer, consistent, mean, totalOf } from './consistency.ts'
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
  #forest: Forest
  #beliefs: Beliefs
  /** Of each clique. */
  #held: Held[][] = []
  #total = 1

  /** `sizes`: codes of each column; `bytes`: most memory for projections that are kept. */
  constructor(sizes: readonly number[], allowed: readonly Allowed[] = [], bytes = 64_000_000) {
    this.sizes = sizes
    this.#allowed = allowed
    this.#projections = new Projections(sizes, bytes)
    this.#forest = this.#forestNow()
    this.#beliefs = new Beliefs(this.#forest, sizes, this.#projections)
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
  get potentials(): Potential[] {
    return [...this.#measurements.values()]
  }
  /** Calibrated marginal of each clique, in counts, once answers were added. Not to be changed. */
  belief(clique: number): Float64Array {
    return this.#beliefs.cliques[clique]!.belief
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
    const isHeld = (answer: Answer): boolean =>
      known.some((clique) => answer.columns.every((column) => clique.has(column)))
    if (!answers.every(isHeld)) this.#forest = this.#forestNow()
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

  /** Beliefs of the forest as it is now, with each measurement in the smallest clique that holds it. */
  #build(): void {
    const beliefs = new Beliefs(this.#forest, this.sizes, this.#projections)
    this.#held = beliefs.cliques.map(() => [])
    for (const measurement of this.#measurements.values()) {
      const clique = beliefs.holder(measurement.columns)
      const projection = this.#projections.get(beliefs.cliques[clique]!.columns, measurement.columns)
      this.#held[clique]!.push({ measurement, projection })
    }
    beliefs.calibrate(this.#measurements.values(), this.#allowed, this.#total)
    this.#beliefs = beliefs
  }

  /** One walk over a tree; answers the loss before each step, in units of noise. */
  #walk(clique: number, parent: number): number {
    const { belief, links } = this.#beliefs.cliques[clique]!
    let loss = this.#fitHeld(this.#held[clique]!, belief)
    for (const link of links) {
      if (link.to === parent) continue
      this.#beliefs.send(clique, link)
      loss += this.#walk(link.to, clique)
      this.#beliefs.send(link.to, backOver(link, clique))
    }
    return loss
  }

  /** A proximal step on each measurement of a clique, in turn; answers the loss before each. */
  #fitHeld(heldHere: readonly Held[], belief: Float64Array): number {
    let loss = 0
    let previous: Held | undefined
    for (const held of heldHere) {
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
    for (const root of this.#beliefs.roots) {
      let last = Infinity
      let sweep = 0
      for (; sweep < effort.sweeps; sweep++) {
        const loss = this.#walk(root, -1)
        if (last - loss < effort.tolerance * loss && sweep > 1) break
        last = loss
      }
      // What changed after the walk had left a branch is brought there.
      this.#beliefs.distribute(root, -1)
      most = Math.max(most, sweep)
    }
    return most
  }

  /** From the cells of a table over `columns` to those of one over `onto`, kept for the next call. */
  projection(columns: readonly number[], onto: readonly number[]): Projection {
    return this.#projections.get(columns, onto)
  }
}

/** Squared distance of a marginal from its noisy counts in units of its noise. */
function misfit({ marginal, noisyCounts, answer }: Measurement): number {
  let sum = 0
  for (let i = 0; i < noisyCounts.length; i++) {
    const difference = marginal[i]! - noisyCounts[i]!
    sum += difference * difference
  }
  return sum / (answer.sigma * answer.sigma)
}
