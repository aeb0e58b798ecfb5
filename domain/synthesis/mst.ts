/**
 * MST (McKenna, Miklau and Sheldon 2021): one-way counts, then a spanning tree of the pairs that differ most from
 * independence, each edge by the exponential mechanism, then those pairs. A third of the budget for each.
 */
import type { Engine, Fitted } from './engine.ts'
import { cellsOf, count, eachCount, subsets } from './marginals.ts'
import { Model } from './model.ts'
import { prepare } from './prelude.ts'
import { Queries } from './query.ts'
import { sampleModel } from './sample.ts'
import { gridDistance, perRow } from './scores.ts'
import { byCells, divide, share } from './shares.ts'

export async function mst(e: Engine): Promise<Fitted> {
  const { journal } = e
  const d = e.table.columns.length
  const oneWays = d < 2 ? journal.budget : share(journal.budget, 1 / 3)
  const p = await prepare(e.table, e.domain, e.allowed, journal, { rho: oneWays, merge: 3 })
  const model = new Model(p.sizes, p.allowed)
  model.add(p.oneWays)
  const effort = { sweeps: 100, tolerance: 1e-5, stiffness: 1 }
  model.fit(effort)
  if (d >= 2) {
    const pairs = subsets(d, 2)
    const queries = new Queries(model)
    let scores: Float64Array | undefined
    const scored = (): Float64Array => {
      if (scores) return scores
      const out = new Float64Array(pairs.length)
      eachCount(p.table, pairs, p.sizes, (exact, i) => {
        out[i] = gridDistance(exact, queries.marginal(pairs[i]!))
      })
      return (scores = out)
    }
    const root = Array.from({ length: d }, (_, i) => i)
    const find = (i: number): number => (root[i] === i ? i : find(root[i]!))
    const edges: number[][] = []
    const prices = divide(share(journal.budget, 1 / 3), Array<number>(d - 1).fill(1))
    for (const price of prices) {
      const open = pairs.flatMap(([a, b], i) => (find(a!) === find(b!) ? [] : [i]))
      const at = await journal.choose(
        'edge of the tree',
        price,
        () => {
          const s = scored()
          return open.map((i) => s[i]!)
        },
        perRow,
      )
      const [a, b] = pairs[open[at]!]!
      root[find(a!)] = find(b!)
      edges.push([a!, b!])
    }
    const parts = divide(journal.left, byCells(edges.map((s) => cellsOf(s, p.sizes))))
    const answers = []
    for (const [i, s] of edges.entries()) {
      answers.push(await journal.measure('marginal', s, parts[i]!, () => count(p.table, s, p.sizes)))
      await e.progress({ round: i + 1, rounds: edges.length, columns: s, error: 0 })
    }
    model.add(answers)
    model.fit(effort)
  }
  return {
    prepared: { ...p, total: model.total },
    draw: (rows, stream) => sampleModel(model, rows, stream),
    cells: model.forest.cells,
  }
}
