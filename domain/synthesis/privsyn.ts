/**
 * PrivSyn (Zhang et al., USENIX Security 2021), repaired: pairs are chosen by how far they are from independence
 * against the noise that measuring them adds, measured with noise shared out by table size, made consistent; as many as
 * a small junction tree holds give the first rows, and a descent on the records brings in the others. Two repairs: the
 * distance from independence is taken to the product of the noisy one-way counts, so that one row moves it by one
 * instead of four; and one-way counts take part in the descent, so that they do not drift.
 */
import { privsynSettings } from './settings.ts'
import { wishedWeight } from './candidates.ts'
import { type Answer, consistent, totalOf } from './consistency.ts'
import { descend } from './descent.ts'
import type { Engine, Fitted } from './engine.ts'
import { distancesFrom } from './independence.ts'
import type { Journal } from './journal.ts'
import { cellsOf, countMany, subsets } from './marginals.ts'
import { Model } from './model.ts'
import { type Prepared, type Purchase, prepare } from './prelude.ts'
import { sampleModel } from './sample.ts'
import { meanNormal, perRow } from './scores.ts'
import { byCells, divide, share } from './shares.ts'
import { forestCells } from './tree.ts'

const effort = { sweeps: 30, tolerance: 1e-3, stiffness: 1 }

/**
 * Pairs worth their noise (DenseMarg, Zhang et al. 2021, section 3): by distance per unit of noise, as long as the
 * distance removed exceeds the noise added. `distances` in rows, `cells` of each pair's table, `rho` in units of 1.
 * Answers the pairs' numbers, ascending.
 */
export function worthwhile(distances: ArrayLike<number>, cells: readonly number[], rho: number): number[] {
  const weights = byCells(cells)
  const noise = meanNormal / Math.sqrt(2 * rho)
  const order = cells.map((_, i) => i).sort((a, b) => distances[b]! / weights[b]! - distances[a]! / weights[a]!)
  const chosen: number[] = []
  let sum = 0
  for (const i of order) {
    if (noise * ((sum + weights[i]!) ** 1.5 - sum ** 1.5) >= distances[i]!) continue
    sum += weights[i]!
    chosen.push(i)
  }
  return chosen.sort((a, b) => a - b)
}

/** What the first purchase buys: where there is one column only, everything. */
function purchaseOf(journal: Journal, columns: number): Purchase {
  const { oneWays, moreOneWays, merge } = privsynSettings
  if (columns < 2) return { rho: journal.budget, merge }
  return { rho: share(journal.budget, oneWays), more: share(journal.budget, moreOneWays), merge }
}

/** Noisy distances of all pairs from independence, in rows, weighted by the wishes. `model` holds one-way counts. */
async function noisyDistances(
  { journal, wishes }: Engine,
  model: Model,
  prepared: Prepared,
  pairs: readonly number[][],
): Promise<number[]> {
  // One vector: a row moves each of its numbers by at most perRow.
  const noisy = await journal.measure(
    'distances from independence',
    [],
    share(journal.budget, privsynSettings.choosing),
    () => distancesFrom(model, prepared, pairs),
    Math.ceil(perRow * Math.sqrt(pairs.length)),
  )
  // Less what their own noise may have added, and no more than two tables can differ.
  return pairs.map((pair, index) => {
    const distance = Math.max(0, noisy.values[index]! - noisy.sigma) / perRow
    return Math.min(2 * prepared.total, distance) * wishedWeight(pair, wishes)
  })
}

/** A measured pair and its distance from independence. */
interface MeasuredPair {
  answer: Answer
  distance: number
}

/** Measures the pairs that are worth their noise, with all that is left, each with a part by its table's size. */
async function measurePairs(
  { journal, progress }: Engine,
  { table, sizes, total }: Prepared,
  pairs: readonly number[][],
  distances: readonly number[],
): Promise<MeasuredPair[]> {
  const cells = pairs.map((pair) => cellsOf(pair, sizes))
  const found = worthwhile(
    distances.map((distance) => distance * privsynSettings.indirect),
    cells,
    Number(journal.left) / 1e9 / journal.rowsPerPerson ** 2,
  )
  // Something has to be bought with what is left: the pair that is worth most.
  const chosen = found.length ? found : [distances.indexOf(Math.max(...distances))]
  const prices = divide(journal.left, byCells(chosen.map((i) => cells[i]!)))
  const sets = chosen.map((i) => pairs[i]!)
  let exact: Uint32Array[] | undefined
  const measured: MeasuredPair[] = []
  for (const [index, columns] of sets.entries()) {
    const counts = (): Uint32Array => (exact ??= countMany(table, sets, sizes))[index]!
    const answer = await journal.measure('marginal', columns, prices[index]!, counts)
    const distance = distances[chosen[index]!]!
    measured.push({ answer, distance })
    await progress({ round: index + 1, rounds: sets.length, columns, error: Math.max(0, distance) / (2 * total) })
  }
  return measured
}

/** As many of the measured pairs as a tree of `limit` cells holds together, those of the greatest distance first. */
function pairsForTree(measured: readonly MeasuredPair[], { allowed, sizes }: Prepared, limit: number): Set<Answer> {
  const ruled = allowed.map((table) => table.columns)
  const inTree: number[][] = []
  const held = new Set<Answer>()
  for (const { answer } of measured.toSorted((a, b) => b.distance - a.distance)) {
    if (forestCells([...ruled, ...inTree, answer.columns], sizes, limit) > limit) continue
    inTree.push(answer.columns)
    held.add(answer)
  }
  return held
}

/**
 * PrivSyn: one-way counts, noisy distances of all pairs, then the pairs that are worth their noise. Spends the
 * journal's whole budget. Throws SynthesisError `wrong_checkpoint` when the journal was begun by another job.
 */
export async function privsyn(engine: Engine): Promise<Fitted> {
  const { journal } = engine
  const columns = engine.table.columns.length
  const purchase = purchaseOf(journal, columns)
  const prepared = await prepare(engine.table, engine.domain, engine.allowed, journal, purchase)
  const { sizes, allowed, oneWays } = prepared
  const model = new Model(sizes, allowed)
  model.add(oneWays)
  model.fit(effort)
  if (columns < 2)
    return {
      prepared: { ...prepared, total: model.total },
      draw: (rows, stream) => sampleModel(model, rows, stream),
      cells: model.forest.cells,
    }
  const pairs = subsets(columns, 2)
  const distances = await noisyDistances(engine, model, prepared, pairs)
  const measured = await measurePairs(engine, prepared, pairs, distances)
  const answers = measured.map((one) => one.answer)
  const limit = Math.min(privsynSettings.treeCells, engine.limits.modelBytes / 8)
  const inTree = pairsForTree(measured, prepared, limit)
  model.add(answers.filter((answer) => inTree.has(answer)))
  model.fit(effort)
  const all = [...oneWays, ...answers]
  const { total } = totalOf(all)
  const agreed = consistent(all, total, sizes)
  return {
    prepared: { ...prepared, total },
    cells: model.forest.cells,
    draw: (rows, stream) => {
      const data = sampleModel(model, rows, stream)
      if (inTree.size < answers.length) descend(data, agreed, sizes, allowed, total, privsynSettings.descent, stream)
      return data
    },
  }
}
