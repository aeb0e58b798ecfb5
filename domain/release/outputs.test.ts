import { describe, expect, it } from 'vitest'
import { sheetsOf } from './outputs.ts'

describe('outputs as sheets', () => {
  it('a scalar is one cell with its unit', () =>
    expect(sheetsOf({ type: 'scalar', name: 's', value: 3, unit: 'kg' })).toEqual([
      { name: 's', type: 'scalar', columns: [{ name: 'value', unit: 'kg' }], rows: [[3]] },
    ]))
  it('a histogram has a row for each bin, between its edges', () =>
    expect(sheetsOf({ type: 'histogram', name: 'h', edges: [0, 1, 5], counts: [3, 4], unit: 'm' })).toEqual([
      {
        name: 'h',
        type: 'histogram',
        columns: [
          { name: 'from', kind: 'group', unit: 'm' },
          { name: 'to', kind: 'group', unit: 'm' },
          { name: 'count', kind: 'count' },
        ],
        rows: [
          [0, 1, 3],
          [1, 5, 4],
        ],
      },
    ]))
  it('an estimate has what is there, in one order; a p-value has no unit, and what is not finite is missing', () => {
    const [sheet] = sheetsOf({
      type: 'estimate',
      name: 'e',
      pValue: 0.5,
      high: Infinity,
      low: 1,
      estimate: 2,
      n: Number.NaN,
      unit: 'kg',
    })
    expect(sheet!.columns).toEqual([
      { name: 'estimate', unit: 'kg' },
      { name: 'low', unit: 'kg' },
      { name: 'high', unit: 'kg' },
      { name: 'pValue', unit: undefined },
      { name: 'n', kind: 'count' },
    ])
    expect(sheet!.rows).toEqual([[2, 1, null, 0.5, null]])
    expect(sheetsOf({ type: 'estimate', name: 'e', estimate: 2 })[0]!.rows).toEqual([[2]])
  })
  it('a model has the statistics that any term has, and a second sheet where it has figures of fit', () => {
    const terms = [
      { term: 'a', estimate: 1 },
      { term: 'b', estimate: Number.NaN, pValue: 0.25 },
    ]
    const ofTerms = {
      name: 'm',
      type: 'model',
      columns: [{ name: 'term', kind: 'group' }, { name: 'estimate' }, { name: 'pValue' }],
      rows: [
        ['a', 1, null],
        ['b', null, 0.25],
      ],
    }
    const fitOf = (...rows: [string, number | null][]): unknown => ({
      name: 'm fit',
      type: 'model',
      columns: [{ name: 'statistic', kind: 'group' }, { name: 'value' }],
      rows,
    })
    expect(sheetsOf({ type: 'model', name: 'm', terms })).toEqual([ofTerms])
    expect(sheetsOf({ type: 'model', name: 'm', terms, fit: {} })).toEqual([ofTerms])
    expect(sheetsOf({ type: 'model', name: 'm', terms, n: 9 })).toEqual([ofTerms, fitOf(['n', 9])])
    expect(sheetsOf({ type: 'model', name: 'm', terms, n: 9, fit: { n: 8, aic: Infinity } })).toEqual([
      ofTerms,
      fitOf(['n', 8], ['aic', null]),
    ])
  })
})
