import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnDecoder, decodeRows } from './decode.ts'
import {
  checkDomain,
  type Column,
  dateOf,
  dayOf,
  defaultLimits,
  type Domain,
  edgesOf,
  sizeOf,
} from './column-domain.ts'
import { binOf, checkTable, columnEncoder, Encoder } from './encode.ts'
import { SynthesisError, type SynthesisFault } from './errors.ts'
import { grid, merged } from './resolution.ts'
import { allowedOf } from './rules.ts'
import { Stream } from './stream.ts'
import { categorical, fixedUniform, tableOf } from './testing.ts'

const fault = (work: () => unknown): SynthesisError => {
  try {
    work()
  } catch (e) {
    if (e instanceof SynthesisError) return e
  }
  throw new Error('no refusal')
}
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

describe('encoding', () => {
  const domain: Domain = {
    columns: [
      { kind: 'categorical', name: 'Stadt', categories: ['Zürich', '東京'], open: true, missing: true },
      { kind: 'numeric', name: 'income', minimum: 0, maximum: 1_000_000, bins: 10, missing: true },
      { kind: 'ordinal', name: 'grade', categories: ['low', 'high'] },
    ],
  }
  it('knows missing, other, and commas between thousands', () => {
    const encoder = new Encoder(domain, { room: 16 })
    const rows = [
      ['Zürich', '1,000,000', 'low'],
      ['東京', ' 250000 ', 'high'],
      ['Bern', '', 'low'],
      ['', 'n/a', 'low'],
    ]
    for (let i = 0; i < 10; i++) for (const row of rows) encoder.add(row)
    const table = encoder.table()
    expect(table.rows).toBe(40)
    expect([0, 1, 2, 3].map((r) => table.columns.map((c) => c[r]))).toEqual([
      [0, 9, 0],
      [1, 2, 1],
      [2, 10, 0],
      [3, 10, 0],
    ])
    checkTable(table, domain)
    expect([...decodeRows(table, domain, new Stream(fixedUniform(1)))][2]![0]).toBe('other')
  })
  it('refuses by column and row, without the value', () => {
    const encoder = new Encoder(domain)
    encoder.add(['Zürich', '1', 'low'])
    const refusal = fault(() => encoder.add(['Zürich', '1', 'secret']))
    expect([refusal.fault, refusal.column, refusal.row, refusal.message.includes('secret')]).toEqual([
      'undeclared_value',
      'grade',
      2,
      false,
    ])
    expect(fault(() => encoder.add(['x'])).fault).toBe('wrong_width')
  })
  it('a table that does not fit its domain is refused by column', () => {
    expect(fault(() => checkTable(tableOf([[0, 2]], [3, 3]), categorical([3, 2]))).column).toBe('b')
    expect(fault(() => checkTable(tableOf([[0]], [3]), categorical([3, 2]))).fault).toBe('wrong_table')
  })
})

describe('rules', () => {
  it('impossible and implied combinations leave what may be', () => {
    // oxlint-disable-next-line unicorn/no-thenable -- a list of values, nothing that could be awaited
    const domain = {
      ...categorical([2, 3]),
      rules: [
        { rule: 'impossible' as const, values: { a: ['v0'], b: ['v2'] } },
        { rule: 'implied' as const, when: { a: ['v1'] }, then: { b: ['v0', 'v1'] } },
      ],
    }
    expect(allowedOf(domain, defaultLimits)).toEqual([{ columns: [0, 1], cells: Uint8Array.of(1, 1, 0, 1, 1, 0) }])
  })
  it('are refused when they name what is not there, leave nothing, or span too much', () => {
    const rules = (r: Domain['rules'], d = categorical([2, 3])): SynthesisFault =>
      fault(() => allowedOf({ ...d, rules: r }, defaultLimits)).fault
    expect(rules([{ rule: 'impossible', values: { z: ['v0'] } }])).toBe('bad_rule')
    expect(rules([{ rule: 'impossible', values: { a: ['v9'] } }])).toBe('bad_rule')
    expect(rules([{ rule: 'impossible', values: { a: ['v0', 'v1'] } }])).toBe('impossible_rules')
    expect(
      rules([{ rule: 'impossible', values: { a: ['v0'], b: ['v0'], c: ['v0'] } }], categorical([200, 200, 200])),
    ).toBe('too_large')
  })
})

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
