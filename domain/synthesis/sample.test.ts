import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count } from './marginals.ts'
import { answersFor, gap, shape } from './testing/answers.ts'
import { Model } from './model.ts'
import { Queries } from './query.ts'
import { sampleModel } from './sample.ts'
import { Stream } from './stream.ts'
import { fixedUniform } from './testing/tables.ts'

describe('sampling', () => {
  it('reproduces the marginals of every clique within rounding', () =>
    fc.assert(
      fc.property(shape, fc.integer({ min: 2000, max: 4000 }), ({ sizes, sets, seed }, rows) => {
        const model = new Model(sizes)
        model.add(answersFor(sizes, sets, seed, 20))
        model.fit({ sweeps: 10, tolerance: 0, stiffness: 1 })
        const table = { rows, columns: sampleModel(model, rows, new Stream(fixedUniform(seed))) }
        for (const [clique, columns] of model.forest.cliques.entries()) {
          const had = count(table, columns, sizes)
          const wanted = model.belief(clique)
          let off = 0
          for (let i = 0; i < had.length; i++) off += Math.abs(had[i]! / rows - wanted[i]! / model.total)
          // Each group of a separator rounds once; the rest is carried along the tree.
          expect(off / 2).toBeLessThan(0.03)
        }
      }),
      { numRuns: 40 },
    ))
  it('rounds the counts of one table up or down, nothing else', () => {
    const model = new Model([4])
    model.add([{ columns: [0], values: Float64Array.of(10.4, 0, 50.5, 39.1), sigma: 0.1 }])
    model.fit({ sweeps: 200, tolerance: 0, stiffness: 0.01 })
    const had = count({ rows: 100, columns: sampleModel(model, 100, new Stream(fixedUniform(5))) }, [0], [4])
    expect(gap(had, new Queries(model).marginal([0]))).toBeLessThan(1.5)
  })
})
