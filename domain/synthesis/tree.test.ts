import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shape } from './testing/answers.ts'
import { cellsWith, forestCells, forestOf } from './tree.ts'

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
