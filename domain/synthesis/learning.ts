/** What a model learns from a synthetic table, against what it learns from the real one. */
import type { Uniform } from '../privacy/randomness.ts'
import { type Domain, sizesOf } from './column-domain.ts'
import type { Table } from './encode.ts'
import { SynthesisError } from './errors.ts'
import { count } from './marginals.ts'
import { Stream } from './stream.ts'

/** Area under the ROC curve of scores for a yes-or-no answer (ties count half): the statistic of Mann and Whitney. */
function areaUnderCurve(scores: Float64Array, isPositive: (number: number) => boolean): number {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!)
  let rank = 0
  let positives = 0
  for (let start = 0; start < order.length;) {
    let end = start
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++
    for (let at = start; at < end; at++)
      if (isPositive(order[at]!)) {
        rank += (start + end + 1) / 2
        positives++
      }
    start = end
  }
  const negatives = order.length - positives
  if (positives === 0 || negatives === 0) return 0.5
  return (rank - (positives * (positives + 1)) / 2) / (positives * negatives)
}

/** Whether a row's code in the target column is `positive`: what is predicted from the other columns. */
interface Question {
  sizes: readonly number[]
  target: number
  positive: number
}

/** Logistic regression on one-hot codes, by AdaGrad (Duchi, Hazan and Singer 2011) over shuffled rows. */
class LogisticRegression {
  readonly #question: Question
  /** Where each column's weights start; the bias comes last. */
  readonly #offsets: number[]
  readonly #weights: Float64Array
  readonly #squares: Float64Array

  constructor(question: Question) {
    const { sizes } = question
    const sum = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0)
    this.#question = question
    this.#offsets = sizes.map((_, column) => sum(sizes.slice(0, column)))
    this.#weights = new Float64Array(sum(sizes) + 1)
    this.#squares = new Float64Array(this.#weights.length).fill(1e-8)
  }

  /** Trains on the rows of a table, which are shuffled in place. */
  train(table: Table, rows: Uint32Array, stream: Stream): this {
    const { sizes, target, positive } = this.#question
    for (let epoch = 0; epoch < 6; epoch++) {
      stream.shuffle(rows)
      for (const row of rows) {
        const wanted = table.columns[target]![row] === positive ? 1 : 0
        const gradient = 1 / (1 + Math.exp(-this.score(table, row))) - wanted
        for (let column = 0; column < sizes.length; column++)
          if (column !== target) this.#step(this.#offsets[column]! + table.columns[column]![row]!, gradient)
        this.#step(this.#weights.length - 1, gradient)
      }
    }
    return this
  }

  #step(weight: number, gradient: number): void {
    const regularised = gradient + 1e-5 * this.#weights[weight]!
    this.#squares[weight]! += regularised * regularised
    this.#weights[weight]! -= (0.1 * regularised) / Math.sqrt(this.#squares[weight]!)
  }

  /** The logit of a row. */
  score(table: Table, row: number): number {
    const { sizes, target } = this.#question
    let logit = this.#weights.at(-1)!
    for (let column = 0; column < sizes.length; column++)
      if (column !== target) logit += this.#weights[this.#offsets[column]! + table.columns[column]![row]!]!
    return logit
  }
}

/** The rarer of the two most frequent codes of the target, or the only one. */
function positiveOf(table: Table, target: number, sizes: readonly number[]): number {
  const [first, second] = [...count(table, [target], sizes)]
    .map((rows, code) => ({ rows, code }))
    .sort((a, b) => b.rows - a.rows)
  return second && second.rows > 0 ? second.code : first!.code
}

const allRows = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row)

/**
 * What a model learns: logistic regression of the rarer of the target's two most frequent synthetic values, trained on
 * synthetic rows and on half of the real ones, both tested on the other half. Answers areas under the ROC curve, 0.5
 * (nothing) to 1. Throws SynthesisError `bad_parameter` when there is no such column. Not private: for the custodian
 * only.
 */
export function learned(
  real: Table,
  synthetic: Table,
  domain: Domain,
  targetName: string,
  random: Uniform,
): { target: string; aucReal: number; aucSynthetic: number } {
  const target = domain.columns.findIndex((column) => column.name === targetName)
  if (target < 0)
    throw new SynthesisError('bad_parameter', `There is no column “${targetName}”`, { column: targetName })
  const sizes = sizesOf(domain)
  const stream = new Stream(random)
  const question = { sizes, target, positive: positiveOf(synthetic, target, sizes) }
  const shuffled = allRows(real.rows)
  stream.shuffle(shuffled)
  const half = real.rows >> 1
  const training = shuffled.slice(0, half)
  const testing = shuffled.slice(half)
  const tested = (table: Table, rows: Uint32Array): number => {
    const regression = new LogisticRegression(question).train(table, rows, stream)
    const scores = Float64Array.from(testing, (row) => regression.score(real, row))
    return areaUnderCurve(scores, (number) => real.columns[target]![testing[number]!] === question.positive)
  }
  return {
    target: targetName,
    aucReal: tested(real, training),
    aucSynthetic: tested(synthetic, allRows(synthetic.rows)),
  }
}
