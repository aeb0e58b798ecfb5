/**
 * PrivSyn (Zhang et al., USENIX Security 2021), repaired: pairs are chosen by how far they are from independence
 * against the noise that measuring them adds, measured with noise shared out by table size, made consistent; as many as
 * a small junction tree holds give the first rows, and a descent on the records brings in the others. Two repairs: the
 * distance from independence is taken to the product of the noisy one-way counts, so that one row moves it by one
 * instead of four; and one-way counts take part in the descent, so that they do not drift.
 */
import { type Answer, consistent, totalOf } from './consistency.ts'
import { descend } from './descent.ts'
import type { Engine, Fitted } from './engine.ts'
import { cellsOf, countMany, eachCount, subsets } from './marginals.ts'
import { Model } from './model.ts'
import { prepare } from './prelude.ts'
import { Queries } from './query.ts'
import { sampleModel } from './sample.ts'
import { gridDistance, meanNormal, perRow } from './scores.ts'
import { byCells, divide, share } from './shares.ts'
import { forestCells } from './tree.ts'

/**
 * `indirect`: a pair's distance from independence counts this much when pairs are chosen. Tables lose much of their
 * noise when they are made consistent with one another, so more of them are worth their noise than each by itself;
 * found on five tables of different kinds.
 */
export const privsynSettings = {
  oneWays: 0.1,
  moreOneWays: 0.25,
  choosing: 0.1,
  merge: 3,
  indirect: 1.3,
  treeCells: 60_000,
  descent: { sweeps: 6, part: 1, tolerance: 0.002 },
}

/**
 * Pairs worth their noise: by distance per unit of noise, as long as the distance removed exceeds the noise added.
 * `rho` in units of 1.
 */
export function worthwhile(distance: ArrayLike<number>, cells: readonly number[], rho: number): number[] {
  const unit = byCells(cells)
  const noise = meanNormal / Math.sqrt(2 * rho)
  const order = cells.map((_, i) => i).sort((a, b) => distance[b]! / unit[b]! - distance[a]! / unit[a]!)
  const chosen: number[] = []
  let sum = 0
  for (const i of order) {
    if (noise * ((sum + unit[i]!) ** 1.5 - sum ** 1.5) >= distance[i]!) continue
    sum += unit[i]!
    chosen.push(i)
  }
  return chosen.sort((a, b) => a - b)
}

export async function privsyn(e: Engine): Promise<Fitted> {
  const { journal } = e
  const s = privsynSettings
  const d = e.table.columns.length
  const p = await prepare(
    e.table,
    e.domain,
    e.allowed,
    journal,
    d < 2
      ? { rho: journal.budget, merge: s.merge }
      : { rho: share(journal.budget, s.oneWays), more: share(journal.budget, s.moreOneWays), merge: s.merge },
  )
  const model = new Model(p.sizes, p.allowed)
  model.add(p.oneWays)
  const effort = { sweeps: 30, tolerance: 1e-3, stiffness: 1 }
  model.fit(effort)
  if (d < 2)
    return {
      prepared: { ...p, total: model.total },
      draw: (rows, stream) => sampleModel(model, rows, stream),
      cells: model.forest.cells,
    }
  const pairs = subsets(d, 2)
  const cells = pairs.map((x) => cellsOf(x, p.sizes))
  const queries = new Queries(model)
  // One vector: a row moves each of its numbers by at most perRow.
  const noisy = await journal.measure(
    'distances from independence',
    [],
    share(journal.budget, s.choosing),
    () => {
      const out = new Float64Array(pairs.length)
      eachCount(p.table, pairs, p.sizes, (exact, i) => {
        out[i] = gridDistance(exact, queries.marginal(pairs[i]!))
      })
      return out
    },
    Math.ceil(perRow * Math.sqrt(pairs.length)),
  )
  // Less what their own noise may have added, and no more than two tables can differ.
  const distance = pairs.map(
    (pair, i) =>
      Math.min(2 * p.total, Math.max(0, noisy.values[i]! - noisy.sigma) / perRow) *
      Math.max(1, ...e.wishes.filter((w) => pair.every((c) => w.columns.includes(c))).map((w) => w.weight)),
  )
  const found = worthwhile(
    distance.map((x) => x * s.indirect),
    cells,
    Number(journal.left) / 1e9 / journal.rowsPerPerson ** 2,
  )
  // Something has to be bought with what is left: the pair that is worth most.
  const chosen = found.length ? found : [distance.indexOf(Math.max(...distance))]
  const rhos = divide(journal.left, byCells(chosen.map((i) => cells[i]!)))
  let exact: Uint32Array[] | undefined
  const answers: Answer[] = []
  for (const [k, i] of chosen.entries()) {
    answers.push(
      await journal.measure(
        'marginal',
        pairs[i]!,
        rhos[k]!,
        () =>
          (exact ??= countMany(
            p.table,
            chosen.map((x) => pairs[x]!),
            p.sizes,
          ))[k]!,
      ),
    )
    await e.progress({
      round: k + 1,
      rounds: chosen.length,
      columns: pairs[i]!,
      error: Math.max(0, distance[i]!) / (2 * p.total),
    })
  }
  const limit = Math.min(s.treeCells, e.limits.modelBytes / 8)
  const rules = p.allowed.map((a) => a.columns)
  const inTree: number[][] = []
  const late: Answer[] = []
  for (const i of chosen.map((_, k) => k).sort((a, b) => distance[chosen[b]!]! - distance[chosen[a]!]!)) {
    const a = answers[i]!
    if (forestCells([...rules, ...inTree, a.columns], p.sizes, limit) <= limit) inTree.push(a.columns)
    else late.push(a)
  }
  model.add(answers.filter((a) => !late.includes(a)))
  model.fit(effort)
  const all = [...p.oneWays, ...answers]
  const { total } = totalOf(all)
  const agreed = consistent(all, total, p.sizes)
  return {
    prepared: { ...p, total },
    cells: model.forest.cells,
    draw: (rows, stream) => {
      const data = sampleModel(model, rows, stream)
      if (late.length) descend(data, agreed, p.sizes, p.allowed, total, s.descent, stream)
      return data
    },
  }
}
