/**
 * AIM (McKenna, Mullins, Sheldon and Miklau, VLDB 2022): again and again the marginal that the model gets most wrong, found by the exponential mechanism,
 * is measured and the model fitted, while the budget of a round grows when rounds stop to teach anything.
 */
import { type Candidate, candidatesOf, topWeight } from './candidates.ts'
import type { Engine, Fitted } from './engine.ts'
import { countMany } from './marginals.ts'
import { Model } from './model.ts'
import { prepare } from './prelude.ts'
import { Queries } from './query.ts'
import { sampleModel } from './sample.ts'
import { share } from './shares.ts'
import { sigmaOf, varianceFor } from './gaussian.ts'
import { forestCells } from './tree.ts'

/** Model counts are rounded to this part of a row before they are compared with the data, so that scores are whole numbers. */
const perRow = 16
/** E|x| of a standard normal. */
const meanNormal = Math.sqrt(2 / Math.PI)

export const aimSettings = { oneWays: 0.08, choosing: 0.1, perColumn: 6, merge: 3, early: { sweeps: 8, tolerance: 0.002, stiffness: 1 }, last: { sweeps: 60, tolerance: 1e-4, stiffness: 1 } }

/** sum |perRow * exact - round(perRow * expected)|: moved by at most perRow for each row. */
function distance(exact: ArrayLike<number>, expected: Float64Array): number {
  let sum = 0
  for (let i = 0; i < expected.length; i++) sum += Math.abs(exact[i]! * perRow - Math.round(expected[i]! * perRow))
  return sum
}
function l1(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!)
  return sum
}

export async function aim(e: Engine): Promise<Fitted> {
  const { journal } = e, s = aimSettings
  const p = await prepare(e.table, e.domain, e.allowed, journal, share(journal.budget, s.oneWays), s.merge)
  const d = p.sizes.length, mostCells = Math.floor(e.limits.modelBytes / 8)
  const model = new Model(p.sizes, p.allowed)
  model.add(p.oneWays)
  model.fit(s.early)
  const candidates = candidatesOf(p.sizes, e.wishes, mostCells)
  let exact: Uint32Array[] | undefined
  const truth = (): Uint32Array[] => (exact ??= countMany(p.table, candidates.map((c) => c.columns), p.sizes))
  const rounds = Math.max(1, s.perColumn * d)
  let perRound = journal.left / BigInt(rounds)
  if (perRound < 2n) perRound = 2n
  const rules = p.allowed.map((a) => a.columns)
  const blocked = new Set<Candidate>()
  for (let round = 1; journal.left > 0n; round++) {
    const last = journal.left < 2n * perRound || journal.left <= 4n
    const rho = last ? journal.left : perRound
    const choosing = share(rho, s.choosing), measuring = rho - choosing
    const { sigma } = { sigma: sigmaOf(varianceFor(measuring, journal.rowsPerPerson)) }
    const limit = Math.max(mostCells * (1 - Number(journal.left - rho) / Number(journal.budget)), p.sizes.reduce((a, b) => a + b, 0))
    const sets = [...rules, ...model.answers.map((a) => a.columns)]
    const open = candidates.filter((c) => !blocked.has(c) && fits(c, sets, model, p.sizes, limit, mostCells, blocked))
    const queries = new Queries(model)
    const index = new Map(candidates.map((c, i) => [c, i]))
    const at = await journal.choose('marginal to measure', choosing, () => {
      const exactCounts = truth()
      return open.map((c) => c.weight * (distance(exactCounts[index.get(c)!]!, queries.marginal(c.columns)) - Math.round(perRow * meanNormal * sigma * c.cells)))
    }, perRow * topWeight)
    const chosen = open[at]!
    const before = queries.marginal(chosen.columns)
    const answer = await journal.measure('marginal', chosen.columns, measuring, () => truth()[index.get(chosen)!]!)
    const noise = meanNormal * sigma * chosen.cells
    const error = Math.max(0, l1(answer.values, before) - noise) / (2 * model.total)
    model.add([answer])
    model.fit(last ? s.last : s.early)
    if (!last && (await journal.note('budget grows', () => (l1(new Queries(model).marginal(chosen.columns), before) <= noise ? 1 : 0))) === 1) perRound *= 4n
    await e.progress({ round, rounds, columns: chosen.columns, error })
  }
  return { prepared: p, draw: (rows, stream) => sampleModel(model, rows, stream), cells: model.forest.cells }
}

/** Whether the model stays within `limit` with the candidate in it; one that passes even the final limit is blocked for good, as the model only grows. */
function fits(c: Candidate, sets: number[][], model: Model, sizes: readonly number[], limit: number, most: number, blocked: Set<Candidate>): boolean {
  if (model.forest.cliques.some((k) => c.columns.every((x) => k.includes(x)))) return true
  const cells = forestCells([...sets, c.columns], sizes, most)
  if (cells > most) blocked.add(c)
  return cells <= limit
}
