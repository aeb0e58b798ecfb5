import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkDomain, type Column, dateOf, dayOf, edgesOf, sizeOf } from './column-domain.ts'
import { columnDecoder } from './decode.ts'
import { binOf, columnEncoder } from './encode.ts'
import type { SynthesisFault } from './errors.ts'
import { Stream } from './stream.ts'
import { fault, fixedUniform } from './testing/tables.ts'

const refuses = (columns: Column[]): [SynthesisFault, string | undefined] => {
  const refusal = fault(() => checkDomain({ columns }))
  return [refusal.fault, refusal.column]
}
const named = (name: string, size: number): Column => ({
  kind: 'categorical',
  name,
  categories: Array.from({ length: size }, (_, i) => String(i)),
})

describe('a domain is refused by column', () => {
  it.each<[string, Column[], SynthesisFault, string | undefined]>([
    ['no columns', [], 'no_columns', undefined],
    ['two of one name', [named('Größe', 2), named('Größe', 3)], 'duplicate_column', 'Größe'],
    ['a million categories', [named('a', 2), named('postcode', 1_000_000)], 'too_many_categories', 'postcode'],
    [
      'a million bins',
      [{ kind: 'numeric', name: 'x', minimum: 0, maximum: 1, bins: 1_000_000 }],
      'too_many_categories',
      'x',
    ],
    ['nothing that it may be', [{ kind: 'categorical', name: 'x', categories: [] }], 'no_categories', 'x'],
    ['a category twice', [{ kind: 'ordinal', name: 'x', categories: ['a', 'a'] }], 'duplicate_category', 'x'],
    [
      'bounds the wrong way round',
      [{ kind: 'numeric', name: 'x', minimum: 2, maximum: 1, bins: 3 }],
      'bad_bounds',
      'x',
    ],
    [
      'bounds that are no numbers',
      [{ kind: 'numeric', name: 'x', minimum: 0, maximum: Infinity, bins: 3 }],
      'bad_bounds',
      'x',
    ],
    [
      'a date that is none',
      [{ kind: 'date', name: 'd', minimum: '2020-02-30', maximum: '2021-01-01', bins: 3 }],
      'bad_bounds',
      'd',
    ],
    ['falling edges', [{ kind: 'numeric', name: 'x', minimum: 0, maximum: 3, bins: [0, 2, 1, 3] }], 'bad_bins', 'x'],
    ['no bins', [{ kind: 'numeric', name: 'x', minimum: 0, maximum: 3, bins: 0 }], 'bad_bins', 'x'],
    ['a column without a name', [named('', 2)], 'bad_name', ''],
  ])('%s', (_, columns, expected, column) => {
    expect(refuses(columns)).toEqual([expected, column])
  })
  it('501 columns', () => {
    expect(refuses(Array.from({ length: 501 }, (_, i) => named(`c${i}`, 2)))[0]).toBe('too_many_columns')
  })
  it('one column with one value, and a column that is only ever missing, are fine', () => {
    expect(() =>
      checkDomain({
        columns: [named('one', 1), { kind: 'categorical', name: 'empty', categories: [], missing: true }],
      }),
    ).not.toThrow()
  })
})

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
