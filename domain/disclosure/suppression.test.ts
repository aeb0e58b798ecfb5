import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rulesBrokenBy } from './cell-rules.ts'
import { defaultPolicy, floorSubjects, strictest } from '../release/policy.ts'
import { cellOf } from './testing/cells.ts'
import { type Equation, exposed, suppress } from './suppression.ts'

/**
 * A table of `rows` x `columns` with row totals, column totals and the grand total; the last index of each is the
 * total.
 */
function twoWay(inner: readonly (readonly number[])[]): {
  values: number[]
  equations: Equation[]
  at: (r: number, c: number) => number
} {
  const rows = inner.length
  const columns = inner[0]!.length
  const at = (r: number, c: number): number => r * (columns + 1) + c
  const values: number[] = []
  for (let atRow = 0; atRow <= rows; atRow++)
    for (let atColumn = 0; atColumn <= columns; atColumn++)
      values[at(atRow, atColumn)] = inner
        .filter((_, i) => atRow === rows || i === atRow)
        .reduce(
          (s, row) => s + row.filter((_, j) => atColumn === columns || j === atColumn).reduce((a, b) => a + b, 0),
          0,
        )
  const equations: Equation[] = []
  for (let atRow = 0; atRow <= rows; atRow++)
    equations.push({ total: at(atRow, columns), parts: Array.from({ length: columns }, (_, c) => at(atRow, c)) })
  for (let atColumn = 0; atColumn <= columns; atColumn++)
    equations.push({ total: at(rows, atColumn), parts: Array.from({ length: rows }, (_, r) => at(r, atColumn)) })
  return { values, equations, at }
}
/**
 * Whether some other table has the same released cells and another value in `cell`: by trying every value of every
 * hidden cell up to the sum of all.
 */
function another(
  values: readonly number[],
  hidden: readonly number[],
  equations: readonly Equation[],
  cell: number,
): boolean {
  const trial = [...values]
  const order = [cell, ...hidden.filter((c) => c !== cell)]
  const most = Math.max(...values) + 1
  const known = new Set([...values.keys()].filter((c) => !hidden.includes(c)))
  const possible = (): boolean =>
    equations.every((equation) => {
      const sum = equation.parts.reduce((s, c) => (known.has(c) ? s + trial[c]! : s), 0)
      return (
        !known.has(equation.total) ||
        (equation.parts.every((c) => known.has(c)) ? sum === trial[equation.total] : sum <= trial[equation.total]!)
      )
    })
  const search = (place: number): boolean => {
    const hiddenCell = order[place]
    if (hiddenCell === undefined) return true
    known.add(hiddenCell)
    for (let value = 0; value <= most; value++) {
      if (place === 0 && value === values[hiddenCell]) continue
      trial[hiddenCell] = value
      if (possible() && search(place + 1)) return true
    }
    known.delete(hiddenCell)
    return false
  }
  return search(0)
}

const table = fc.integer({ min: 2, max: 3 }).chain((rows) =>
  fc.integer({ min: 2, max: 3 }).chain((columns) =>
    fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  ),
)

describe('cells that only the equations together give away', () => {
  // Three hidden counts, the sum of each two of them released: half of two sums less the third is each count, though no
  // sum alone bounds one to a single value.
  const sumsOfTwo = (first: number, second: number, third: number): { values: number[]; equations: Equation[] } => ({
    values: [first, second, third, first + second, second + third, first + third],
    equations: [
      { total: 3, parts: [0, 1] },
      { total: 4, parts: [1, 2] },
      { total: 5, parts: [0, 2] },
    ],
  })
  it('are found, whatever the counts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 500 }), fc.integer({ min: 5, max: 500 }), (first, second) => {
        const { values, equations } = sumsOfTwo(first, second, first + second)
        expect([...exposed(values, new Set([0, 1, 2]), equations)].sort()).toEqual([0, 1, 2])
      }),
    )
  })
  it('are not found where one of the sums is hidden too: then nothing is given away', () => {
    const { values, equations } = sumsOfTwo(100, 120, 140)
    expect([...exposed(values, new Set([0, 1, 2, 5]), equations)]).toEqual([])
  })
  it('are found through a difference of hidden totals, where a part has to be taken away', () => {
    // a + b = T, T + c = 60, a + b + c = 60 says nothing; with a + c = 40 and b = 20 known the rest follows.
    const values = [10, 20, 30, 30, 60, 40]
    const equations = [
      { total: 3, parts: [0, 1] },
      { total: 4, parts: [3, 2] },
      { total: 5, parts: [0, 2] },
    ]
    expect([...exposed(values, new Set([0, 2, 3]), equations)].sort()).toEqual([])
    expect([...exposed(values, new Set([0, 1, 2, 3]), equations)].sort()).toEqual([1])
  })
})

describe('complementary suppression', () => {
  it('finds the lone suppressed cell of a row', () => {
    const { values, equations, at } = twoWay([
      [3, 20, 30],
      [40, 50, 60],
      [70, 80, 90],
    ])
    expect(exposed(values, new Set([at(0, 0)]), equations)).toEqual(new Set([at(0, 0)]))
    const out = suppress(values, new Set([at(0, 0)]), equations)!
    expect(exposed(values, out, equations).has(at(0, 0))).toBe(false)
    expect(out.size).toBe(4)
  })
  it('finds a cell that only a chain of margins gives away', () => {
    // Two suppressed cells in the first row, but the second is alone in its column.
    const { values, equations, at } = twoWay([
      [3, 4, 30],
      [40, 50, 60],
      [70, 80, 90],
    ])
    expect(exposed(values, new Set([at(0, 0), at(0, 1), at(1, 0)]), equations)).toContain(at(0, 0))
  })
  it('finds cells that are known because their sum is zero', () => {
    const { values, equations, at } = twoWay([
      [0, 0, 30],
      [0, 0, 60],
      [70, 80, 90],
    ])
    expect(exposed(values, new Set([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]), equations).size).toBe(4)
  })
  it('leaves no suppressed cell that another table with the same released cells would not explain', () =>
    fc.assert(
      fc.property(table, fc.nat(), (inner, pick) => {
        const { values, equations, at } = twoWay(inner)
        const cells = inner.flatMap((row, r) => row.map((_, c) => at(r, c)))
        const primary = new Set(cells.filter((c) => values[c]! < 2).concat(cells[pick % cells.length]!))
        const out = suppress(values, primary, equations)
        if (!out) return
        for (const suppressed of primary)
          expect(another(values, [...out], equations, suppressed), `cell ${suppressed}`).toBe(true)
      }),
      { numRuns: 100, seed: 7 },
    ))
  it('only ever adds', () =>
    fc.assert(
      fc.property(table, fc.nat(), (inner, pick) => {
        const { values, equations } = twoWay(inner)
        const primary = new Set([pick % values.length])
        const out = suppress(values, primary, equations)
        expect([...primary].filter((cell) => out && !out.has(cell))).toEqual([])
      }),
    ))
})

describe('which cell is hidden next', () => {
  /** One sum of cells: `values` are the parts, the total comes last. */
  const sumOf = (...parts: number[]): { values: number[]; equations: Equation[] } => ({
    values: [...parts, parts.reduce((sum, part) => sum + part, 0)],
    equations: [{ total: parts.length, parts: [...parts.keys()] }],
  })
  const hiddenWith = ({ values, equations }: ReturnType<typeof sumOf>, known: number[] = []): number[] | undefined => {
    const hidden = suppress(values, new Set([0]), equations, new Set(known))
    return hidden && [...hidden]
  }
  it('the smallest part that is not zero, before the total', () => {
    expect(hiddenWith(sumOf(3, 40, 20, 30))).toEqual([0, 2])
    expect(hiddenWith(sumOf(3, 40, 0, 30))).toEqual([0, 3])
    expect(hiddenWith(sumOf(3, 20, 20))).toEqual([0, 1])
  })
  it('never one that can be had elsewhere; nothing helps when all can', () => {
    expect(hiddenWith(sumOf(3, 40, 20, 30), [2])).toEqual([0, 3])
    expect(hiddenWith(sumOf(3, 40, 20), [1, 2])).toEqual([0, 3])
    expect(hiddenWith(sumOf(3, 40, 20), [1, 2, 3])).toBeUndefined()
  })
  it('first the one that closes most sums at once', () => {
    // Cell 0 is alone in two sums; cell 3 is in both, though it is the largest.
    const values = [3, 10, 20, 90, 103, 113]
    const equations = [
      { total: 4, parts: [0, 1, 3] },
      { total: 5, parts: [0, 2, 3] },
    ]
    expect([...suppress(values, new Set([0]), equations)!]).toEqual([0, 3])
  })
  it('nothing is added where nothing is exposed, or nothing hidden', () => {
    const { values, equations } = sumOf(3, 40, 20)
    expect([...suppress(values, new Set([0, 1]), equations)!]).toEqual([0, 1])
    expect([...suppress(values, new Set(), equations)!]).toEqual([])
  })
  it('a small total over hidden zeros gives them away, one over zero is enough not to', () => {
    expect(exposed([0, 0, 0], new Set([0, 1]), [{ total: 2, parts: [0, 1] }])).toEqual(new Set([0, 1]))
    expect(exposed([0, 1, 1], new Set([0, 1]), [{ total: 2, parts: [0, 1] }])).toEqual(new Set())
  })
})

describe('policies', () => {
  it('the stricter wins, rule by rule, and the floor holds', () => {
    expect(strictest().minimumSubjects).toBe(10)
    expect(strictest({ minimumSubjects: 1 }).minimumSubjects).toBe(floorSubjects)
    expect(
      strictest({ minimumSubjects: 6 }, { minimumSubjects: 20, dominanceShare: 0.8 }, { rows: 100 }),
    ).toMatchObject({ minimumSubjects: 20, dominanceShare: 0.8, rows: 100 })
  })
  it('adding a policy never lets more out', () =>
    fc.assert(
      fc.property(
        fc.record({
          minimumSubjects: fc.nat(30),
          pRatio: fc.double({ min: 0, max: 1, noNaN: true }),
          rows: fc.nat(9000),
        }),
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 30 }),
        (stricter, contributions) => {
          const cell = cellOf(contributions)
          expect(rulesBrokenBy(cell, strictest(defaultPolicy, stricter))).toEqual(
            expect.arrayContaining(rulesBrokenBy(cell, defaultPolicy)),
          )
        },
      ),
    ))
})
