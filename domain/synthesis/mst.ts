/**
 * MST (McKenna, Miklau and Sheldon 2021, "Winning the NIST contest"): one-way counts, then a spanning tree of the pairs
 * that differ most from independence, each edge by the exponential mechanism, then those pairs. A third of the budget
 * for each.
 */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Answer } from './consistency.ts'
import type { Engine, Fitted } from './engine.ts'
import { distancesFrom } from './independence.ts'
import type { Journal } from './journal.ts'
import { cellsOf, count, subsets } from './marginals.ts'
import { Model } from './model.ts'
import { type Prepared, prepare } from './prelude.ts'
import { sampleModel } from './sample.ts'
import { perRow } from './scores.ts'
import { byCells, divide, share } from './shares.ts'

const effort = { sweeps: 100, tolerance: 1e-5, stiffness: 1 }

/** Draws a spanning tree of all columns, edge by edge (Kruskal with noisy choices); edges are pairs of columns. */
async function spanningTree(journal: Journal, model: Model, prepared: Prepared, rho: NanoRho): Promise<number[][]> {
  const columns = prepared.sizes.length
  const pairs = subsets(columns, 2)
  let distances: Float64Array | undefined
  const root = Array.from({ length: columns }, (_, i) => i)
  const find = (column: number): number => (root[column] === column ? column : find(root[column]!))
  const edges: number[][] = []
  for (const price of divide(rho, Array<number>(columns - 1).fill(1))) {
    const open = pairs.flatMap(([a, b], i) => (find(a!) === find(b!) ? [] : [i]))
    const scores = (): number[] => {
      const known = (distances ??= distancesFrom(model, prepared, pairs))
      return open.map((i) => known[i]!)
    }
    const at = await journal.choose('edge of the tree', price, scores, perRow)
    const [from, to] = pairs[open[at]!]!
    root[find(from!)] = find(to!)
    edges.push([from!, to!])
  }
  return edges
}

/**
 * MST, with a third of the budget each for one-way counts, for the tree and for its pairs; all of it for the counts
 * where there is one column alone. Throws SynthesisError `wrong_checkpoint` when the journal was begun by another job.
 */
export async function mst(engine: Engine): Promise<Fitted> {
  const { journal } = engine
  const single = engine.table.columns.length < 2
  const prepared = await prepare(engine.table, engine.domain, engine.allowed, journal, {
    rho: single ? journal.budget : share(journal.budget, 1 / 3),
    merge: 3,
  })
  const { table, sizes } = prepared
  const model = new Model(sizes, prepared.allowed)
  model.add(prepared.oneWays)
  model.fit(effort)
  if (!single) {
    const edges = await spanningTree(journal, model, prepared, share(journal.budget, 1 / 3))
    const prices = divide(journal.left, byCells(edges.map((edge) => cellsOf(edge, sizes))))
    const answers: Answer[] = []
    for (const [index, edge] of edges.entries()) {
      answers.push(await journal.measure('marginal', edge, prices[index]!, () => count(table, edge, sizes)))
      await engine.progress({ round: index + 1, rounds: edges.length, columns: edge, error: 0 })
    }
    model.add(answers)
    model.fit(effort)
  }
  return {
    prepared: { ...prepared, total: model.total },
    draw: (rows, stream) => sampleModel(model, rows, stream),
    cells: model.forest.cells,
  }
}
