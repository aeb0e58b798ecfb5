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
  const u = fixedUniform(seed + 1)
  return sets.map((columns) => ({
    columns,
    sigma,
    values: Float64Array.from(count(table, columns, sizes), (x) => x + Math.round((u.below(2001) / 1000 - 1) * sigma)),
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
      ? Math.exp(model.factors.reduce((n, f) => n + f.theta[at(f.columns)]!, 0))
      : 0
    for (let k = codes.length - 1; k >= 0; k--) {
      if (++codes[k]! < sizes[k]!) break
      codes[k] = 0
    }
  }
  const sum = out.reduce((a, b) => a + b, 0)
  return out.map((x) => (x / sum) * model.total)
}
function marginalOf(full: Float64Array, columns: readonly number[], sizes: readonly number[]): Float64Array {
  const out = new Float64Array(cellsOf(columns, sizes))
  const codes = sizes.map(() => 0)
  for (const x of full) {
    out[columns.reduce((n, c) => n * sizes[c]! + codes[c]!, 0)]! += x
    for (let k = codes.length - 1; k >= 0; k--) {
      if (++codes[k]! < sizes[k]!) break
      codes[k] = 0
    }
  }
  return out
}
const gap = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let g = 0
  for (let i = 0; i < a.length; i++) g = Math.max(g, Math.abs(a[i]! - b[i]!))
  return g
}

describe('junction forest', () => {
  it('holds every set and has running intersection', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets }) => {
        const { cliques, edges, cells } = forestOf(sets, sizes)
        for (const s of sets) expect(cliques.some((c) => s.every((x) => c.includes(x)))).toBe(true)
        for (const [x] of sizes.entries()) {
          // Cliques with a column form one tree: as many edges that carry it as cliques less one.
          expect(
            cliques.filter((c) => c.includes(x)).length - edges.filter((e) => e.separator.includes(x)).length,
          ).toBe(1)
        }
        expect(forestCells(sets, sizes, 1e9)).toBe(cells)
        expect(forestCells(sets, sizes, cells - 1)).toBe(Infinity)
      }),
    ))
  it('says quickly how large it may become with one more set', () => {
    const sizes = [2, 3, 4, 5, 7]
    const f = forestOf(
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
      sizes,
    )
    expect(f.cells).toBe(6 + 12 + 20 + 7)
    expect(cellsWith(f, [2, 3], sizes)).toBe(45 + 20)
    // Column 4 is a tree of its own; column 3 is carried along the whole chain.
    expect(cellsWith(f, [3, 4], sizes)).toBe(45 + 35)
    expect(cellsWith(f, [0, 3], sizes)).toBe(45 + 10 + 6 * 4 + 12 * 4)
    expect(cellsWith(f, [0, 3], sizes)).toBeGreaterThanOrEqual(
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
    const f = forestOf(sets, sizes)
    expect(f.cliques.length).toBe(69)
    expect(f.edges.length).toBe(68)
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
        for (const k of [1, 2, 3])
          for (const s of subsets(sizes.length, k))
            for (const order of [s, [...s].reverse()])
              expect(gap(queries.marginal(order), marginalOf(full, order, sizes))).toBeLessThan(1e-6 * model.total)
      }),
      { numRuns: 60 },
    ))
  it('equals brute force within the rules, after a rebuild and a warm start', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets, seed }) => {
        const u = fixedUniform(seed)
        const pair = [0, 1]
        const cells = new Uint8Array(cellsOf(pair, sizes)).map(() => (u.below(3) > 0 ? 1 : 0))
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
        for (const s of subsets(sizes.length, 2))
          expect(gap(queries.marginal(s), marginalOf(full, s, sizes))).toBeLessThan(1e-6 * model.total)
        const m = queries.marginal(pair)
        expect([...m].filter((value, i) => cells[i] === 0 && value !== 0)).toEqual([])
      }),
      { numRuns: 60 },
    ))
  it('keeps marginals consistent: every separator the same from both sides, every table with the same total', () =>
    fc.assert(
      fc.property(shape, ({ sizes, sets, seed }) => {
        const model = new Model(sizes)
        model.add(answersFor(sizes, sets, seed, 40))
        model.fit({ sweeps: 20, tolerance: 1e-4, stiffness: 1 })
        for (const e of model.forest.edges) {
          const sides = [e.a, e.b].map((c) => {
            const out = new Float64Array(cellsOf(e.separator, sizes))
            const p = model.projection(model.forest.cliques[c]!, e.separator)
            for (const [i, x] of model.belief(c).entries()) out[p[i]!]! += x
            return out
          })
          expect(gap(sides[0]!, sides[1]!)).toBeLessThan(1e-6 * model.total)
        }
        for (const [c] of model.forest.cliques.entries())
          expect(model.belief(c).reduce((a, b) => a + b, 0) / model.total).toBeCloseTo(1, 6)
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
        for (const a of model.answers)
          expect(gap(queries.marginal(a.columns), a.values)).toBeLessThan(0.02 * model.total)
      }),
      { numRuns: 40 },
    ))
  it('weighs answers by their precision', () => {
    const y = (values: number[], sigma: number): Answer => ({ columns: [0], values: Float64Array.from(values), sigma })
    const model = new Model([2])
    model.add([y([100, 0], 1), y([0, 100], 100)])
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
    const m = new Queries(model).marginal([0, 2])
    expect(m.every(Number.isFinite)).toBe(true)
    expect(m[0]! + m[4]! + m[8]!).toBeGreaterThan(0.99 * model.total)
  })
})

describe('steps', () => {
  it('omega solves w + ln w = z', () =>
    fc.assert(
      fc.property(fc.double({ min: -60, max: 5000, noNaN: true }), (z) => {
        const w = omega(z)
        expect(Math.abs(w + Math.log(w) - z)).toBeLessThan(1e-5 * Math.max(1, Math.abs(z)))
      }),
    ))
  it('a proximal step keeps the total, and with little stiffness is the projection on the simplex', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -200, max: 800 }), { minLength: 2, maxLength: 30 }),
        fc.integer({ min: -1e6, max: 1e6 }),
        (values, shift) => {
          const n = values.length
          const total = 1000
          const y = Float64Array.from(values)
          const m = new Float64Array(n).fill(total / n)
          const ratio = new Float64Array(n)
          const theta = new Float64Array(n)
          proximalStep(m, y, 0.01, total, theta, ratio, shift)
          const v = m.map((x, i) => x * ratio[i]!)
          expect(v.reduce((a, b) => a + b, 0) / total).toBeCloseTo(1, 3)
          expect(gap(v, toSimplex(y, total))).toBeLessThan(2)
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
        for (const a of all)
          for (const b of all) {
            const both = a.columns.filter((c) => b.columns.includes(c))
            if (both.length === 0) continue
            const on = (t: Answer): Float64Array => {
              const out = new Float64Array(cellsOf(both, sizes))
              for (let i = 0; i < t.values.length; i++) {
                let rest = i
                const code = new Map<number, number>()
                for (const c of [...t.columns].reverse()) {
                  code.set(c, rest % sizes[c]!)
                  rest = Math.floor(rest / sizes[c]!)
                }
                out[both.reduce((n, c) => n * sizes[c]! + code.get(c)!, 0)]! += t.values[i]!
              }
              return out
            }
            expect(gap(on(a), on(b))).toBeLessThan(1e-6)
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
        for (const [c, columns] of model.forest.cliques.entries()) {
          const had = count(table, columns, sizes)
          const wanted = model.belief(c)
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
