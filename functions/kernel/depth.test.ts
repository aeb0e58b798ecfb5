import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Extent, extentOf } from './depth.ts'

const unbounded: Extent = { levels: Infinity, values: Infinity }
const inside = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value as object) : []
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...inside(value).map(depthOf)) : 0
/** One for what opens, and one for each comma: between the members and elements of it. */
const valuesOf = (value: unknown): number => {
  const own = typeof value === 'object' && value !== null ? 1 + Math.max(0, inside(value).length - 1) : 0
  return inside(value).reduce<number>((sum, one) => sum + valuesOf(one), own)
}

describe('the extent', () => {
  it('of a text is that of its value', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, spaces) => {
        const extent = { levels: depthOf(value), values: valuesOf(value) }
        expect(extentOf(JSON.stringify(value, null, spaces), unbounded)).toEqual(extent)
      }),
    ))
  it.each([['"[[[["'], ['"\\"[[[["'], ['{"\\\\":["]["]}'], ['"\\\\\\"[[[["'], ['["[[["']])(
    'of %s counts no bracket in a text',
    (json) => expect(extentOf(json, unbounded).levels).toBeLessThanOrEqual(2),
  )
  it('counts no comma in a text', () => expect(extentOf('[",,,\\",","a"]', unbounded).values).toBe(2))
  it('is looked for no further than what is allowed', () => {
    expect(extentOf('['.repeat(5000), { levels: 100, values: Infinity })).toEqual({ levels: 101, values: 101 })
    expect(extentOf(`[${'0,'.repeat(5000)}`, { levels: 100, values: 50 })).toEqual({ levels: 1, values: 51 })
  })
  it('of texts made to be slow takes little more than of a plain one as long', () => {
    const most = 500_000
    // The processor's own time: whoever else is at work does not count. The best of some: nor does a collection.
    const taken = (piece: string, start = ''): number => {
      const text = start + piece.repeat(most / piece.length)
      const tries = Array.from({ length: 4 }, () => {
        const before = process.threadCpuUsage()
        extentOf(text, unbounded)
        const { user, system } = process.threadCpuUsage(before)
        return user + system
      })
      return Math.min(...tries)
    }
    const plain = taken('12345,')
    const pieces = ['[', '{"a":', '[],', '"', '\\', '"\\\\",', '"\\""', '0,']
    // What is quadratic takes some thousand times as long.
    for (const start of ['"', ''])
      for (const piece of pieces) expect(taken(piece, start) / Math.max(plain, 500), start + piece).toBeLessThan(100)
  })
})
