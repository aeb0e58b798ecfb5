/**
 * The floor: one-way counts and nothing else. Columns that rules join are drawn together so that no impossible row
 * appears.
 */
import type { Engine, Fitted } from './engine.ts'
import { Model } from './model.ts'
import { prepare } from './prelude.ts'
import { sampleModel } from './sample.ts'

export async function independent(e: Engine): Promise<Fitted> {
  const prepared = await prepare(e.table, e.domain, e.allowed, e.journal, { rho: e.journal.budget, merge: 0 })
  const model = new Model(prepared.sizes, prepared.allowed)
  model.add(prepared.oneWays)
  model.fit({ sweeps: 100, tolerance: 1e-6, stiffness: 0.3 })
  await e.progress({ round: 1, rounds: 1, columns: [], error: 0 })
  return { prepared, draw: (rows, stream) => sampleModel(model, rows, stream), cells: model.forest.cells }
}
