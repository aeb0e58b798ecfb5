/**
 * The floor: one-way counts and nothing else. Columns that rules join are drawn together so that no impossible row
 * appears.
 */
import type { Engine, Fitted } from './engine.ts'
import { Model } from './model.ts'
import { prepare } from './prelude.ts'
import { sampleModel } from './sample.ts'

/**
 * Every column by itself: the whole budget goes to one-way counts. Throws SynthesisError `wrong_checkpoint` when the
 * journal was begun by another job.
 */
export async function independent(engine: Engine): Promise<Fitted> {
  const { table, domain, allowed, journal } = engine
  const prepared = await prepare(table, domain, allowed, journal, { rho: journal.budget, merge: 0 })
  const model = new Model(prepared.sizes, prepared.allowed)
  model.add(prepared.oneWays)
  model.fit({ sweeps: 100, tolerance: 1e-6, stiffness: 0.3 })
  await engine.progress({ round: 1, rounds: 1, columns: [], error: 0 })
  return { prepared, draw: (rows, stream) => sampleModel(model, rows, stream), cells: model.forest.cells }
}
