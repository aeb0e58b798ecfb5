import { describe, expect, it } from 'vitest'
import { checkDomain } from './check-domain.ts'
import type { Column } from './column-domain.ts'
import type { SynthesisFault } from './errors.ts'
import { fault } from './testing/tables.ts'

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
