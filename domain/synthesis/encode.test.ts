import { describe, expect, it } from 'vitest'
import type { Domain } from './column-domain.ts'
import { decodeRows } from './decode.ts'
import { checkTable, Encoder } from './encode.ts'
import { Stream } from './stream.ts'
import { categorical, fault, fixedUniform, tableOf } from './testing/tables.ts'

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
