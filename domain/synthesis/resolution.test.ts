import { describe, expect, it } from 'vitest'
import { grid, merged } from './resolution.ts'

describe('resolution', () => {
  it('long ordered columns get a public grid that nests in steps of equal width', () => {
    const grouping = grid({ size: 101, ordered: 100 }, 20, Array<string>(101).fill(''))
    expect(grouping.groups).toBe(21)
    expect([...grouping.of.subarray(0, 11)]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2])
    expect(grouping.of[100]).toBe(20)
  })
  it('groups lost in noise are merged, but never across what rules tell apart', () => {
    const marks = ['', '', 'x', '']
    const grouping = grid({ size: 4, ordered: 0 }, 20, marks)
    const coarser = merged(grouping, { size: 4, ordered: 0 }, marks, Float64Array.of(100, 1, 2, -3), 10)
    expect([...coarser.of]).toEqual([0, 1, 2, 1])
  })
})
