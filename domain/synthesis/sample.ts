/**
 * Rows from a fitted model with as little chance as possible: within every group of rows that agree so far, the next
 * columns are given out by systematic sampling, so that each combination is had by its expected number of rows, rounded
 * up or down, and so is each run of neighbouring combinations (systematic sampling: Madow and Madow 1944).
 */
import { type Codes, codesFor } from './encode.ts'
import { cellsOf } from './marginals.ts'
import type { Model } from './model.ts'
import type { Stream } from './stream.ts'

/**
 * Gives the rows at `order[from]` to `order[to - 1]` cells in proportion to `weights[at + cell]`, cell 0..cells-1 (all
 * alike where all weights are 0), and writes each row's cell at `into[row]`; every count is its expectation rounded up
 * or down.
 */
export function allot(
  order: Uint32Array,
  from: number,
  to: number,
  weights: ArrayLike<number>,
  at: number,
  cells: number,
  into: Uint32Array,
  stream: Stream,
): void {
  let sum = 0
  for (let i = 0; i < cells; i++) sum += weights[at + i]!
  const rows = to - from
  const perWeight = sum > 0 ? rows / sum : 0
  let upTo = stream.unit()
  let next = from
  for (let i = 0; i < cells && next < to; i++) {
    upTo += sum > 0 ? weights[at + i]! * perWeight : rows / cells
    for (const end = Math.min(to, from + Math.floor(upTo)); next < end; next++) into[order[next]!] = i
  }
  // Rounding may leave the last row over; it goes where the mass is.
  if (next < to) {
    let last = cells - 1
    while (last > 0 && sum > 0 && !(weights[at + last]! > 0)) last--
    for (; next < to; next++) into[order[next]!] = last
  }
}

/**
 * Rows grouped by a key (0..groups-1 for each row), in random order within each group: `order`, and where each group
 * starts (one more than groups, the last is the number of rows).
 */
export function grouped(
  keys: Uint32Array,
  groups: number,
  stream: Stream,
): { order: Uint32Array; starts: Uint32Array } {
  const rows = keys.length
  const shuffled = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) shuffled[row] = row
  stream.shuffle(shuffled)
  const starts = new Uint32Array(groups + 1)
  for (let row = 0; row < rows; row++) starts[keys[row]! + 1]!++
  for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!
  const next = starts.slice()
  const order = new Uint32Array(rows)
  for (const row of shuffled) order[next[keys[row]!]!++] = row
  return { order, starts }
}

/** Draws rows from a model, clique by clique along each tree of its forest. */
class Sampler {
  readonly #model: Model
  readonly #stream: Stream
  readonly #rows: number
  /** Codes by column; those of columns not in `#done` are still 0. */
  readonly codes: Codes[]
  readonly #done = new Set<number>()
  readonly #visited = new Set<number>()
  /** Of each row, the combination of the columns that are known; then the cell that it is given. */
  readonly #keys: Uint32Array
  readonly #cell: Uint32Array

  constructor(model: Model, rows: number, stream: Stream) {
    this.#model = model
    this.#stream = stream
    this.#rows = rows
    this.codes = model.sizes.map((size) => codesFor(size, rows))
    this.#keys = new Uint32Array(rows)
    this.#cell = new Uint32Array(rows)
  }

  run(): void {
    const { cliques } = this.#model.forest
    for (let clique = 0; clique < cliques.length; clique++) if (!this.#visited.has(clique)) this.#visit(clique)
  }

  #visit(clique: number): void {
    const { forest } = this.#model
    this.#visited.add(clique)
    const columns = forest.cliques[clique]!
    const known = columns.filter((column) => this.#done.has(column))
    const fresh = columns.filter((column) => !this.#done.has(column))
    if (fresh.length) this.#draw(clique, known, fresh)
    for (const edge of forest.edges) {
      if (edge.a === clique && !this.#visited.has(edge.b)) this.#visit(edge.b)
      else if (edge.b === clique && !this.#visited.has(edge.a)) this.#visit(edge.a)
    }
  }

  /** Draws the fresh columns of a clique, given those that are known. */
  #draw(clique: number, known: readonly number[], fresh: readonly number[]): void {
    const { sizes } = this.#model
    const groups = cellsOf(known, sizes)
    const cells = cellsOf(fresh, sizes)
    // Known columns first, so that each group's weights lie together.
    const projection = this.#model.projection(this.#model.forest.cliques[clique]!, [...known, ...fresh])
    const belief = this.#model.belief(clique)
    const weights = new Float64Array(belief.length)
    for (let i = 0; i < projection.length; i++) weights[projection[i]!] = belief[i]!
    this.#groupBy(known)
    const { order, starts } = grouped(this.#keys, groups, this.#stream)
    for (let group = 0; group < groups; group++) {
      const from = starts[group]!
      const to = starts[group + 1]!
      if (from < to) allot(order, from, to, weights, group * cells, cells, this.#cell, this.#stream)
    }
    this.#unpack(fresh)
  }

  /** Each row's key: its combination of the columns that are known. */
  #groupBy(known: readonly number[]): void {
    const keys = this.#keys.fill(0)
    for (const column of known) {
      const codes = this.codes[column]!
      const size = this.#model.sizes[column]!
      for (let row = 0; row < this.#rows; row++) keys[row] = keys[row]! * size + codes[row]!
    }
  }

  /** Each row's cell as codes of the fresh columns. */
  #unpack(fresh: readonly number[]): void {
    const cell = this.#cell
    for (const column of fresh.toReversed()) {
      const codes = this.codes[column]!
      const size = this.#model.sizes[column]!
      for (let row = 0; row < this.#rows; row++) {
        const packed = cell[row]!
        const rest = Math.floor(packed / size)
        codes[row] = packed - rest * size
        cell[row] = rest
      }
    }
    for (const column of fresh) this.#done.add(column)
  }
}

/** Codes of `rows` rows over the model's columns, at the model's resolution. The model must be fitted. */
export function sampleModel(model: Model, rows: number, stream: Stream): Codes[] {
  const sampler = new Sampler(model, rows, stream)
  sampler.run()
  return sampler.codes
}
