import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, consistent } from './consistency.ts'
import { cellsOf } from './marginals.ts'
import { answersFor, gap, shape } from './testing/answers.ts'

describe('consistency', () => {
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
