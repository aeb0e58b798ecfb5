/** The order and the limit of a released answer. */
import { describe, expect, it } from 'vitest'
import type { ReleasedCell, Scalar } from '../release/outputs.ts'
import { arranged } from './answer.ts'
import type { QueryResult } from './result.ts'

type Asked = Pick<QueryResult, 'columns' | 'order' | 'limit'>
const group = { name: 'g', kind: 'group' } as const
const value = { name: 'v', kind: 'value' } as const
/** Rows of two columns, arranged; a value of undefined is suppressed. */
function arrange(rows: readonly [Scalar, Scalar][], asked: Partial<Asked>): [Scalar, Scalar][] {
  const cells = rows.map((row) => ({ cells: row.map((one): ReleasedCell => ({ value: one })) }))
  const sorted = arranged(cells, { columns: [group, value], ...asked } as QueryResult)
  return sorted.map(({ cells: [first, second] }) => [first!.value, second!.value])
}

describe('rows of an answer', () => {
  it('stand by their groups when no order is asked for: numbers by size, texts as texts, missing last', () => {
    expect(
      arrange(
        [
          ['b', 1],
          [null, 2],
          ['a', 3],
        ],
        {},
      ),
    ).toEqual([
      ['a', 3],
      ['b', 1],
      [null, 2],
    ])
    expect(
      arrange(
        [
          [10, 1],
          [9, 2],
          [null, 3],
          [-1, 4],
        ],
        {},
      ),
    ).toEqual([
      [-1, 4],
      [9, 2],
      [10, 1],
      [null, 3],
    ])
    expect(
      arrange(
        [
          [true, 1],
          [false, 2],
        ],
        {},
      ),
    ).toEqual([
      [false, 2],
      [true, 1],
    ])
  })
  it('stand in the order that was asked for, missing last either way', () => {
    const rows: [Scalar, Scalar][] = [
      ['a', 2],
      ['b', null],
      ['c', 10],
      ['d', 1],
    ]
    const by = (descending: boolean) => arrange(rows, { order: [{ column: 1, descending }] }).map(([name]) => name)
    expect(by(false)).toEqual(['d', 'a', 'c', 'b'])
    expect(by(true)).toEqual(['c', 'a', 'd', 'b'])
  })
  it('that are equal in that order stand by their groups', () => {
    const rows: [Scalar, Scalar][] = [
      ['c', 1],
      ['a', null],
      ['b', 1],
      [null, null],
    ]
    expect(arrange(rows, { order: [{ column: 1, descending: true }] })).toEqual([
      ['b', 1],
      ['c', 1],
      ['a', null],
      [null, null],
    ])
  })
  it('have declared categories in their declared order', () => {
    const columns = [{ ...group, values: ['low', 'high'] }, value]
    const rows: [Scalar, Scalar][] = [
      ['high', 1],
      ['low', 2],
      [null, 3],
    ]
    expect(arrange(rows, { columns }).map(([name]) => name)).toEqual(['low', 'high', null])
    const order = [{ column: 0, descending: true }]
    expect(arrange(rows, { columns, order }).map(([name]) => name)).toEqual(['high', 'low', null])
  })
  it('are cut after the limit, once they are in order', () => {
    const rows: [Scalar, Scalar][] = [
      ['c', 1],
      ['a', 2],
      ['b', 3],
    ]
    expect(arrange(rows, { limit: 2 }).map(([name]) => name)).toEqual(['a', 'b'])
    expect(arrange(rows, { limit: 0 })).toEqual([])
    expect(arrange(rows, { limit: 5 })).toHaveLength(3)
  })
  it('are not sorted where they lie', () => {
    const rows = [{ cells: [{ value: 'b' }] }, { cells: [{ value: 'a' }] }]
    arranged(rows, { columns: [group] } as unknown as QueryResult)
    expect(rows[0]!.cells[0]!.value).toBe('b')
  })
})
