/**
 * AIM (McKenna, Mullins, Sheldon and Miklau, VLDB 2022): again and again the marginal that the model gets most wrong,
 * found by the exponential mechanism, is measured and the model fitted, while the budget of a round grows as soon as
 * rounds teach nothing more.
 */
import { aimSettings } from './settings.ts'
import type { NanoRho } from '../privacy/accounting.ts'
import { type Candidate, candidatesOf, topWeight } from './candidates.ts'
import type { Engine, Fitted } from './engine.ts'
import { sigmaOf, varianceFor } from './gaussian.ts'
import { countMany } from './marginals.ts'
import { type Effort, Model } from './model.ts'
import { type Prepared, prepare } from './prelude.ts'
import { Queries } from './query.ts'
import { sampleModel } from './sample.ts'
import { gridDistance, l1, meanNormal, perRow } from './scores.ts'
import { share } from './shares.ts'
import { cellsWith, forestCells } from './tree.ts'

/**
 * Which candidates a round looks at when there are many: another part of them each time, by a hash of their number and
 * the round, so that a resumed job looks at the same.
 */
function inTurn(candidates: readonly Candidate[], round: number, most: number): Candidate[] {
  if (candidates.length <= most) return [...candidates]
  const part = Math.floor((most / candidates.length) * 0x100000000)
  return candidates.filter((_, index) => {
    let hash = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(round, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
    return (hash ^ (hash >>> 15)) >>> 0 < part
  })
}

/** What a round spends, nano-rho. The last round spends all that is left. */
interface RoundBudget {
  last: boolean
  total: NanoRho
  choosing: NanoRho
  measuring: NanoRho
}
function roundBudget(left: NanoRho, perRound: NanoRho): RoundBudget {
  const last = left < 2n * perRound || left <= 4n
  const total = last ? left : perRound
  // With one nano left there is nothing to choose with: it goes to the first column.
  const choosing = total > 1n ? share(total, aimSettings.choosing) : 0n
  return { last, total, choosing, measuring: total - choosing }
}

/** Exact counts of a candidate; all of them are counted when the first is asked for. */
function exactCountsOf(prepared: Prepared, candidates: readonly Candidate[]): (candidate: Candidate) => Uint32Array {
  const index = new Map(candidates.map((candidate, i) => [candidate, i]))
  let exact: Uint32Array[] | undefined
  return (candidate) => {
    exact ??= countMany(
      prepared.table,
      candidates.map((one) => one.columns),
      prepared.sizes,
    )
    return exact[index.get(candidate)!]!
  }
}

/** What the model may grow into. `blocked` collects candidates that fit in no round to come. */
interface Room {
  model: Model
  /** Columns of the rules and of what is measured already. */
  sets: readonly number[][]
  /** Most cells after this round. */
  limit: number
  /** Most cells at the end. */
  mostCells: number
  blocked: Set<Candidate>
}

/**
 * Whether the model stays within the limit with the candidate in it; one that passes even the final limit is blocked
 * for good, as the model only grows.
 */
function fits(candidate: Candidate, { model, sets, limit, mostCells, blocked }: Room): boolean {
  const { columns } = candidate
  if (blocked.has(candidate)) return false
  if (model.forest.cliques.some((clique) => columns.every((column) => clique.includes(column)))) return true
  if (cellsWith(model.forest, columns, model.sizes) <= limit) return true
  const cells = forestCells([...sets, columns], model.sizes, mostCells)
  if (cells > mostCells) blocked.add(candidate)
  return cells <= limit
}

/** The rounds of one job: the model as it grows, and what is known of the candidates. */
class Rounds {
  readonly model: Model
  readonly #engine: Engine
  readonly #prepared: Prepared
  readonly #mostCells: number
  readonly #candidates: readonly Candidate[]
  readonly #exactCounts: (candidate: Candidate) => Uint32Array
  readonly #blocked = new Set<Candidate>()
  /** How many rounds the budget was divided into. */
  readonly #planned: number
  #perRound: NanoRho
  /** Answers that are read back need no fit before the first new one: until then the model is behind its answers. */
  #behind = false

  constructor(engine: Engine, prepared: Prepared) {
    const { sizes } = prepared
    this.#engine = engine
    this.#prepared = prepared
    this.#mostCells = Math.floor(engine.limits.modelBytes / 8)
    this.model = new Model(sizes, prepared.allowed)
    this.model.add(prepared.oneWays)
    this.model.fit(aimSettings.early)
    this.#candidates = candidatesOf(sizes, engine.wishes, this.#mostCells)
    this.#exactCounts = exactCountsOf(prepared, this.#candidates)
    this.#planned = Math.max(1, Math.min(aimSettings.mostRounds, aimSettings.perColumn * sizes.length))
    const part = engine.journal.left / BigInt(this.#planned)
    this.#perRound = part < 2n ? 2n : part
  }

  /** Spends what the journal has left. */
  async run(): Promise<void> {
    const { journal } = this.#engine
    for (let round = 1; journal.left > 0n; round++) await this.#round(round, roundBudget(journal.left, this.#perRound))
    if (this.#behind) this.model.fit(aimSettings.last)
  }

  async #round(round: number, budget: RoundBudget): Promise<void> {
    const { journal, progress } = this.#engine
    const { model } = this
    const sigma = sigmaOf(varianceFor(budget.measuring, journal.rowsPerPerson))
    const open = this.#openCandidates(round, budget)
    if (this.#behind && !journal.repeating) this.#fit(aimSettings.last)
    const queries = new Queries(model)
    const chosen = await this.#choose(open, queries, budget.choosing, sigma)
    const { columns, cells } = chosen
    const before = this.#behind ? new Float64Array(cells) : queries.marginal(columns)
    const answer = await journal.measure('marginal', columns, budget.measuring, () => this.#exactCounts(chosen))
    const noise = meanNormal * sigma * cells
    const error = this.#behind ? 0 : Math.max(0, l1(answer.values, before) - noise) / (2 * model.total)
    model.add([answer])
    if (journal.repeating) this.#behind = true
    else this.#fit(budget.last ? aimSettings.last : aimSettings.early)
    const taughtNothing = (): number => (l1(new Queries(model).marginal(columns), before) <= noise ? 1 : 0)
    if (!budget.last && (await journal.note('budget grows', taughtNothing)) === 1) this.#perRound *= 4n
    await progress({ round, rounds: this.#planned, columns, error })
  }

  #fit(effort: Effort): void {
    this.model.fit(effort)
    this.#behind = false
  }

  /** Candidates that this round may measure: those that fit into a model as large as the part of the budget spent. */
  #openCandidates(round: number, { total }: RoundBudget): Candidate[] {
    const { journal } = this.#engine
    const { sizes, allowed } = this.#prepared
    const spentAfter = 1 - Number(journal.left - total) / Number(journal.budget)
    const oneWayCells = sizes.reduce((sum, size) => sum + size, 0)
    const room: Room = {
      model: this.model,
      sets: [...allowed, ...this.model.answers].map((table) => table.columns),
      limit: Math.max(this.#mostCells * spentAfter, oneWayCells),
      mostCells: this.#mostCells,
      blocked: this.#blocked,
    }
    const looked = inTurn(this.#candidates, round, aimSettings.perRound)
    const open = looked.filter((candidate) => fits(candidate, room))
    return open.length > 0 ? open : [this.#candidates[0]!]
  }

  /** The exponential mechanism over each candidate's expected improvement (quality score, section 4 of the paper). */
  async #choose(open: readonly Candidate[], queries: Queries, price: NanoRho, sigma: number): Promise<Candidate> {
    if (price === 0n) return open[0]!
    const score = (candidate: Candidate): number => {
      const distance = gridDistance(this.#exactCounts(candidate), queries.marginal(candidate.columns))
      return candidate.weight * (distance - Math.round(perRow * meanNormal * sigma * candidate.cells))
    }
    const scores = (): number[] => open.map(score)
    return open[await this.#engine.journal.choose('marginal to measure', price, scores, perRow * topWeight)]!
  }
}

/**
 * AIM: one-way counts first, then rounds of choosing and measuring until the budget is spent. Spends the journal's
 * whole budget. Throws SynthesisError `wrong_checkpoint` when the journal was begun by another job.
 */
export async function aim(engine: Engine): Promise<Fitted> {
  const { journal } = engine
  const prepared = await prepare(engine.table, engine.domain, engine.allowed, journal, {
    rho: share(journal.budget, aimSettings.oneWays),
    more: share(journal.budget, aimSettings.moreOneWays),
    merge: aimSettings.merge,
  })
  const rounds = new Rounds(engine, prepared)
  await rounds.run()
  const { model } = rounds
  return {
    prepared: { ...prepared, total: model.total },
    draw: (rows, stream) => sampleModel(model, rows, stream),
    cells: model.forest.cells,
  }
}
