/**
 * AIM (McKenna, Mullins, Sheldon and Miklau, VLDB 2022): again and again the marginal that the model gets most wrong,
 * found by the exponential mechanism, is measured and the model fitted, while the budget of a round grows when rounds
 * stop to teach anything.
 */
import { type Candidate, candidatesOf, topWeight } from './candidates.ts'
import type { Engine, Fitted } from './engine.ts'
import { sigmaOf, varianceFor } from './gaussian.ts'
import { countMany } from './marginals.ts'
import { Model } from './model.ts'
import { prepare } from './prelude.ts'
import { Queries } from './query.ts'
import { sampleModel } from './sample.ts'
import { gridDistance, l1, meanNormal, perRow } from './scores.ts'
import { share } from './shares.ts'
import { cellsWith, forestCells } from './tree.ts'

export const aimSettings = {
  oneWays: 0.08,
  moreOneWays: 0.25,
  choosing: 0.1,
  perColumn: 4,
  mostRounds: 240,
  perRound: 1500,
  merge: 3,
  early: { sweeps: 8, tolerance: 0.002, stiffness: 1 },
  last: { sweeps: 60, tolerance: 1e-4, stiffness: 1 },
}

/**
 * Which candidates a round looks at when there are many: another part of them each time, by a hash of their number and
 * the round, so that a resumed job looks at the same.
 */
function inTurn(candidates: readonly Candidate[], round: number, most: number): Candidate[] {
  if (candidates.length <= most) return [...candidates]
  const part = Math.floor((most / candidates.length) * 0x100000000)
  return candidates.filter((_, i) => {
    let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(round, 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
    x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
    return (x ^ (x >>> 15)) >>> 0 < part
  })
}

export async function aim(e: Engine): Promise<Fitted> {
  const { journal } = e
  const s = aimSettings
  const p = await prepare(e.table, e.domain, e.allowed, journal, {
    rho: share(journal.budget, s.oneWays),
    more: share(journal.budget, s.moreOneWays),
    merge: s.merge,
  })
  const d = p.sizes.length
  const mostCells = Math.floor(e.limits.modelBytes / 8)
  const model = new Model(p.sizes, p.allowed)
  model.add(p.oneWays)
  model.fit(s.early)
  const candidates = candidatesOf(p.sizes, e.wishes, mostCells)
  let exact: Uint32Array[] | undefined
  const truth = (): Uint32Array[] =>
    (exact ??= countMany(
      p.table,
      candidates.map((c) => c.columns),
      p.sizes,
    ))
  const index = new Map(candidates.map((c, i) => [c, i]))
  const rounds = Math.max(1, Math.min(s.mostRounds, s.perColumn * d))
  let perRound = journal.left / BigInt(rounds)
  if (perRound < 2n) perRound = 2n
  const rules = p.allowed.map((a) => a.columns)
  const blocked = new Set<Candidate>()
  let behind = false
  for (let round = 1; journal.left > 0n; round++) {
    const last = journal.left < 2n * perRound || journal.left <= 4n
    const rho = last ? journal.left : perRound
    // With one nano left there is nothing to choose with: it goes to the first column.
    const choosing = rho > 1n ? share(rho, s.choosing) : 0n
    const measuring = rho - choosing
    const sigma = sigmaOf(varianceFor(measuring, journal.rowsPerPerson))
    const limit = Math.max(
      mostCells * (1 - Number(journal.left - rho) / Number(journal.budget)),
      p.sizes.reduce((a, b) => a + b, 0),
    )
    const sets = [...rules, ...model.answers.map((a) => a.columns)]
    const open = inTurn(candidates, round, s.perRound).filter(
      (c) => !blocked.has(c) && fits(c, sets, model, p.sizes, limit, mostCells, blocked),
    )
    if (open.length === 0) open.push(candidates[0]!)
    if (behind && !journal.repeating) {
      model.fit(s.last)
      behind = false
    }
    const queries = new Queries(model)
    const at =
      choosing === 0n
        ? 0
        : await journal.choose(
            'marginal to measure',
            choosing,
            () => {
              const exactCounts = truth()
              return open.map(
                (c) =>
                  c.weight *
                  (gridDistance(exactCounts[index.get(c)!]!, queries.marginal(c.columns)) -
                    Math.round(perRow * meanNormal * sigma * c.cells)),
              )
            },
            perRow * topWeight,
          )
    const chosen = open[at]!
    const before = behind ? new Float64Array(chosen.cells) : queries.marginal(chosen.columns)
    const answer = await journal.measure('marginal', chosen.columns, measuring, () => truth()[index.get(chosen)!]!)
    const noise = meanNormal * sigma * chosen.cells
    const error = behind ? 0 : Math.max(0, l1(answer.values, before) - noise) / (2 * model.total)
    model.add([answer])
    // Answers that are read back need no fit before the first new one.
    if (journal.repeating) behind = true
    else {
      model.fit(last ? s.last : s.early)
      behind = false
    }
    if (
      !last &&
      (await journal.note('budget grows', () =>
        l1(new Queries(model).marginal(chosen.columns), before) <= noise ? 1 : 0,
      )) === 1
    )
      perRound *= 4n
    await e.progress({ round, rounds, columns: chosen.columns, error })
  }
  if (behind) model.fit(s.last)
  return {
    prepared: { ...p, total: model.total },
    draw: (rows, stream) => sampleModel(model, rows, stream),
    cells: model.forest.cells,
  }
}

/**
 * Whether the model stays within `limit` with the candidate in it; one that passes even the final limit is blocked for
 * good, as the model only grows.
 */
function fits(
  c: Candidate,
  sets: number[][],
  model: Model,
  sizes: readonly number[],
  limit: number,
  most: number,
  blocked: Set<Candidate>,
): boolean {
  if (model.forest.cliques.some((k) => c.columns.every((x) => k.includes(x)))) return true
  if (cellsWith(model.forest, c.columns, sizes) <= limit) return true
  const cells = forestCells([...sets, c.columns], sizes, most)
  if (cells > most) blocked.add(c)
  return cells <= limit
}
