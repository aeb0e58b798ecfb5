import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Answer } from './consistency.ts'
import { consistent } from './consistency.ts'
import { cellsOf, count, subsets } from './marginals.ts'
import { Model } from './model.ts'
import { Queries } from './query.ts'
import { sampleModel } from './sample.ts'
import { omega, proximalStep } from './step.ts'
import { toSimplex } from './simplex.ts'
import { Stream } from './stream.ts'
import { chainTable, fixedUniform } from './testing.ts'
import { cellsWith, forestCells, forestOf } from './tree.ts'
import type { Allowed } from './rules.ts'

/** Domains of 3 to 6 small columns with a few measured sets. */
const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 6 }).chain((sizes) =>
  fc.record({
    sizes: fc.constant(sizes),
    sets: fc.array(
      fc
        .uniqueArray(fc.integer({ min: 0, max: sizes.length - 1 }), { minLength: 1, maxLength: 3 })
        .map((s) => s.sort((a, b) => a - b)),
      { minLength: 1, maxLength: 6 },
    ),
    seed: fc.integer({ min: 1, max: 1e6 }),
  }),
)

function answersFor(sizes: readonly number[], sets: readonly number[][], seed: number, sigma: number): Answer[] {
  const table = chainTable(500, sizes, seed)
  const random = fixedUniform(seed + 1)
  return sets.map((columns) => ({
    columns,
    sigma,
    values: Float64Array.from(
      count(table, columns, sizes),
      (x) => x + Math.round((random.below(2001) / 1000 - 1) * sigma),
    ),
  }))
}

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
const gap = (first: ArrayLike<number>, second: ArrayLike<number>): number => {
  let largest = 0
  for (let i = 0; i < first.length; i++) largest = Math.max(largest, Math.abs(first[i]! - second[i]!))
  return largest
}

describe('junction forest', () => {
  it('holds every set and has running intersection', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets }) => {
        const { cliques, edges, cells } = forestOf(sets, sizes)
        for (const set of sets) expect(cliques.some((c) => set.every((x) => c.includes(x)))).toBe(true)
        for (const [column] of sizes.entries()) {
          // Cliques with a column form one tree: as many edges that carry it as cliques less one.
          expect(
            cliques.filter((c) => c.includes(column)).length - edges.filter((e) => e.separator.includes(column)).length,
          ).toBe(1)
        }
        expect(forestCells(sets, sizes, 1e9)).toBe(cells)
        expect(forestCells(sets, sizes, cells - 1)).toBe(Infinity)
      }),
    ))
  it('says quickly how large it may become with one more set', () => {
    const sizes = [2, 3, 4, 5, 7]
    const forest = forestOf(
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
      sizes,
    )
    expect(forest.cells).toBe(6 + 12 + 20 + 7)
    expect(cellsWith(forest, [2, 3], sizes)).toBe(45 + 20)
    // Column 4 is a tree of its own; column 3 is carried along the whole chain.
    expect(cellsWith(forest, [3, 4], sizes)).toBe(45 + 35)
    expect(cellsWith(forest, [0, 3], sizes)).toBe(45 + 10 + 6 * 4 + 12 * 4)
    expect(cellsWith(forest, [0, 3], sizes)).toBeGreaterThanOrEqual(
      forestOf(
        [
          [0, 1],
          [1, 2],
          [2, 3],
          [0, 3],
        ],
        sizes,
      ).cells,
    )
  })
  it('beyond 32 columns too', () => {
    const sizes = Array<number>(70).fill(2)
    const sets = Array.from({ length: 69 }, (_, i) => [i, i + 1])
    const forest = forestOf(sets, sizes)
    expect(forest.cliques.length).toBe(69)
    expect(forest.edges.length).toBe(68)
  })
})

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

describe('steps', () => {
  it('omega solves w + ln w = z', () =>
    fc.assert(
      fc.property(fc.double({ min: -60, max: 5000, noNaN: true }), (argument) => {
        const value = omega(argument)
        expect(Math.abs(value + Math.log(value) - argument)).toBeLessThan(1e-5 * Math.max(1, Math.abs(argument)))
      }),
    ))
  it('a proximal step keeps the total, and with little stiffness is the projection on the simplex', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -200, max: 800 }), { minLength: 2, maxLength: 30 }),
        fc.integer({ min: -1e6, max: 1e6 }),
        (values, shift) => {
          const cells = values.length
          const total = 1000
          const noisyCounts = Float64Array.from(values)
          const marginal = new Float64Array(cells).fill(total / cells)
          const ratio = new Float64Array(cells)
          const potential = new Float64Array(cells)
          proximalStep(marginal, noisyCounts, 0.01, total, potential, ratio, shift)
          const stepped = marginal.map((x, i) => x * ratio[i]!)
          expect(stepped.reduce((a, b) => a + b, 0) / total).toBeCloseTo(1, 3)
          expect(gap(stepped, toSimplex(noisyCounts, total))).toBeLessThan(2)
        },
      ),
    ))
  it('consistent tables agree wherever they overlap', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets, seed }) => {
        const all = consistent(
          answersFor(sizes, [...new Map(sets.map((s) => [s.join(), s])).values()], seed, 30),
          480,
          sizes,
        )
        for (const first of all)
          for (const second of all) {
            const both = first.columns.filter((c) => second.columns.includes(c))
            if (both.length === 0) continue
            const on = (answer: Answer): Float64Array => {
              const out = new Float64Array(cellsOf(both, sizes))
              for (let i = 0; i < answer.values.length; i++) {
                let rest = i
                const code = new Map<number, number>()
                for (const column of [...answer.columns].reverse()) {
                  code.set(column, rest % sizes[column]!)
                  rest = Math.floor(rest / sizes[column]!)
                }
                out[both.reduce((n, c) => n * sizes[c]! + code.get(c)!, 0)]! += answer.values[i]!
              }
              return out
            }
            expect(gap(on(first), on(second))).toBeLessThan(1e-6)
          }
      }),
    ))
})

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
