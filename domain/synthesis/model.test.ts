import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Answer } from './consistency.ts'
import { cellsOf, subsets } from './marginals.ts'
import { answersFor, gap, shape } from './testing/answers.ts'
import { Model } from './model.ts'
import { Queries } from './query.ts'
import type { Allowed } from './rules.ts'
import { fixedUniform } from './testing/tables.ts'

/** The joint distribution by brute force, from the factors and the rules. */
function joint(model: Model, allowed: readonly Allowed[]): Float64Array {
  const { sizes } = model
  const out = new Float64Array(
    cellsOf(
      sizes.map((_, i) => i),
      sizes,
    ),
  )
  const codes = sizes.map(() => 0)
  const at = (columns: readonly number[]): number => columns.reduce((n, c) => n * sizes[c]! + codes[c]!, 0)
  for (let i = 0; i < out.length; i++) {
    out[i] = allowed.every((a) => a.cells[at(a.columns)] === 1)
      ? Math.exp(model.potentials.reduce((sum, { columns, potential }) => sum + potential[at(columns)]!, 0))
      : 0
    for (let axis = codes.length - 1; axis >= 0; axis--) {
      if (++codes[axis]! < sizes[axis]!) break
      codes[axis] = 0
    }
  }
  const sum = out.reduce((a, b) => a + b, 0)
  return out.map((x) => (x / sum) * model.total)
}
function marginalOf(full: Float64Array, columns: readonly number[], sizes: readonly number[]): Float64Array {
  const out = new Float64Array(cellsOf(columns, sizes))
  const codes = sizes.map(() => 0)
  for (const rows of full) {
    out[columns.reduce((n, c) => n * sizes[c]! + codes[c]!, 0)]! += rows
    for (let axis = codes.length - 1; axis >= 0; axis--) {
      if (++codes[axis]! < sizes[axis]!) break
      codes[axis] = 0
    }
  }
  return out
}
describe('inference', () => {
  it('equals brute force for every marginal of up to three columns', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets, seed }) => {
        const model = new Model(sizes)
        model.add(answersFor(sizes, sets, seed, 5))
        model.fit({ sweeps: 7, tolerance: 0, stiffness: 1 })
        const full = joint(model, [])
        const queries = new Queries(model)
        for (const size of [1, 2, 3])
          for (const set of subsets(sizes.length, size))
            for (const order of [set, [...set].reverse()])
              expect(gap(queries.marginal(order), marginalOf(full, order, sizes))).toBeLessThan(1e-6 * model.total)
      }),
      { numRuns: 60 },
    ))
  it('equals brute force within the rules, after a rebuild and a warm start', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets, seed }) => {
        const random = fixedUniform(seed)
        const pair = [0, 1]
        const cells = new Uint8Array(cellsOf(pair, sizes)).map(() => (random.below(3) > 0 ? 1 : 0))
        cells[0] = 1
        const allowed = [{ columns: pair, cells }]
        const model = new Model(sizes, allowed)
        const answers = answersFor(sizes, sets, seed, 5)
        model.add(answers.slice(0, 1))
        model.fit({ sweeps: 5, tolerance: 0, stiffness: 1 })
        model.add(answers.slice(1))
        model.fit({ sweeps: 5, tolerance: 0, stiffness: 1 })
        const full = joint(model, allowed)
        const queries = new Queries(model)
        for (const set of subsets(sizes.length, 2))
          expect(gap(queries.marginal(set), marginalOf(full, set, sizes))).toBeLessThan(1e-6 * model.total)
        const marginal = queries.marginal(pair)
        expect([...marginal].filter((value, i) => cells[i] === 0 && value !== 0)).toEqual([])
      }),
      { numRuns: 60 },
    ))
  it('keeps marginals consistent: every separator the same from both sides, every table with the same total', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets, seed }) => {
        const model = new Model(sizes)
        model.add(answersFor(sizes, sets, seed, 40))
        model.fit({ sweeps: 20, tolerance: 1e-4, stiffness: 1 })
        for (const edge of model.forest.edges) {
          const sides = [edge.a, edge.b].map((clique) => {
            const out = new Float64Array(cellsOf(edge.separator, sizes))
            const cellOf = model.projection(model.forest.cliques[clique]!, edge.separator)
            for (const [cell, rows] of model.belief(clique).entries()) out[cellOf[cell]!]! += rows
            return out
          })
          expect(gap(sides[0]!, sides[1]!)).toBeLessThan(1e-6 * model.total)
        }
        for (const [clique] of model.forest.cliques.entries())
          expect(model.belief(clique).reduce((a, b) => a + b, 0) / model.total).toBeCloseTo(1, 6)
      }),
      { numRuns: 60 },
    ))
  it('reaches answers that can be reached', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets, seed }) => {
        const model = new Model(sizes)
        model.add(answersFor(sizes, sets, seed, 0).map((a) => ({ ...a, sigma: 1 })))
        model.fit({ sweeps: 200, tolerance: 1e-9, stiffness: 0.5 })
        const queries = new Queries(model)
        for (const answer of model.answers)
          expect(gap(queries.marginal(answer.columns), answer.values)).toBeLessThan(0.02 * model.total)
      }),
      { numRuns: 40 },
    ))
  it('weighs answers by their precision', () => {
    const counted = (values: number[], sigma: number): Answer => ({
      columns: [0],
      values: Float64Array.from(values),
      sigma,
    })
    const model = new Model([2])
    model.add([counted([100, 0], 1), counted([0, 100], 100)])
    model.fit({ sweeps: 100, tolerance: 0, stiffness: 0.1 })
    expect(new Queries(model).marginal([0])[0]).toBeGreaterThan(95)
  })
  it('survives factors that are huge in one clique and tiny in the next', () => {
    const sizes = [3, 3, 3]
    const model = new Model(sizes)
    const pair = (columns: number[]): Answer => ({
      columns,
      sigma: 0.01,
      values: Float64Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? 1000 : -300)),
    })
    for (let turn = 0; turn < 30; turn++) {
      model.add([pair([0, 1]), pair([1, 2])])
      model.fit({ sweeps: 50, tolerance: 0, stiffness: 0.01 })
    }
    const marginal = new Queries(model).marginal([0, 2])
    expect(marginal.every(Number.isFinite)).toBe(true)
    expect(marginal[0]! + marginal[4]! + marginal[8]!).toBeGreaterThan(0.99 * model.total)
  })
})
