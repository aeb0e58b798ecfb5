import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDeeper } from './depth.ts'

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

describe('depth', () => {
  it('of a text is that of its value', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(7), fc.constantFrom(0, 2), (value, most, spaces) => {
        expect(isDeeper(JSON.stringify(value, null, spaces), most)).toBe(depthOf(value) > most)
      }),
    ))
  it.each([['"[[[["'], ['"\\"[[[["'], ['{"\\\\":["]["]}'], ['"\\\\\\"[[[["'], ['["[[["']])(
    'of %s counts no bracket in a text',
    (json) => expect(isDeeper(json, 2)).toBe(false),
  )
  it('is told of millions of members, levels or quotes without parsing them', () => {
    const most = 5 * 1024 * 1024
    const texts = ['[', '{"a":', '[],', '"', '\\', '"\\\\",', '"\\""', '0,'].map((piece) =>
      piece.repeat(most / piece.length),
    )
    // The processor's own time: whoever else is at work does not count.
    const before = process.threadCpuUsage()
    for (const text of ['"', ''].flatMap((start) => texts.map((one) => start + one))) isDeeper(text, 100)
    const { user, system } = process.threadCpuUsage(before)
    expect((user + system) / 1000 / (2 * texts.length)).toBeLessThan(100)
  })
})
