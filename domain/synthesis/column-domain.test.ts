import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, dateOf, dayOf, edgesOf, sizeOf } from './column-domain.ts'
import { columnDecoder } from './decode.ts'
import { binOf, columnEncoder } from './encode.ts'
import { Stream } from './stream.ts'
import { fixedUniform } from './testing/tables.ts'

describe('bins', () => {
  const numeric = fc.record({
    minimum: fc.integer({ min: -1000, max: 1000 }),
    span: fc.integer({ min: 1, max: 500 }),
    bins: fc.integer({ min: 1, max: 60 }),
    integer: fc.boolean(),
  })
  it('cover the bounds, rise, and hold their own edges', () =>
    fc.assert(
      fc.property(numeric, ({ minimum, span, bins, integer }) => {
        const edges = edgesOf({ kind: 'numeric', name: 'x', minimum, maximum: minimum + span, bins, integer })
        expect(edges[0]).toBe(minimum)
        expect(edges.at(-1)).toBe(minimum + span + (integer ? 1 : 0))
        for (let i = 1; i < edges.length; i++) expect(edges[i]!).toBeGreaterThan(edges[i - 1]!)
        for (let i = 0; i < edges.length - 1; i++) expect(binOf(edges, edges[i]!)).toBe(i)
        expect(binOf(edges, -1e9)).toBe(0)
        expect(binOf(edges, 1e9)).toBe(edges.length - 2)
      }),
    ))
  it('numbers come back inside their bin, whole ones whole', () =>
    fc.assert(
      fc.property(numeric, fc.integer({ min: 1, max: 1e6 }), ({ minimum, span, bins, integer }, seed) => {
        const column: Column = {
          kind: 'numeric',
          name: 'x',
          minimum,
          maximum: minimum + span,
          bins,
          integer,
          missing: true,
        }
        const decode = columnDecoder(column, new Stream(fixedUniform(seed)))
        const encode = columnEncoder(column)
        for (let code = 0; code < sizeOf(column); code++) {
          const value = decode(code)
          expect(value === null ? encode('') : encode(String(value))).toBe(code)
          expect(!integer || value === null || Number.isInteger(value)).toBe(true)
        }
      }),
    ))
  it('dates are whole days, and come back as dates', () => {
    expect(dateOf(dayOf('2024-02-29'))).toBe('2024-02-29')
    expect(dayOf('29.2.2024')).toBeNaN()
    const column: Column = { kind: 'date', name: 'd', minimum: '2024-01-01', maximum: '2024-12-31', bins: 12 }
    const decode = columnDecoder(column, new Stream(fixedUniform(2)))
    const encode = columnEncoder(column)
    for (let code = 0; code < 12; code++) {
      const value = decode(code)
      expect(value).toMatch(/^2024-/)
      expect(encode(String(value))).toBe(code)
    }
  })
})
