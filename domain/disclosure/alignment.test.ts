import { describe, expect, it } from 'vitest'
import type { DatasetSchema } from '../datasets/schema.ts'
import type { Scalar, TableOutput, TypedOutput } from '../release/outputs.ts'
import { align, type AlignedSheet } from './alignment.ts'

const schema: DatasetSchema = {
  images: [],
  tables: [
    {
      name: 'people',
      file: 'people.csv',
      oneRowPerSubject: true,
      columns: [
        { name: 'id', type: 'text', role: 'subject' },
        { name: 'Ward', type: 'integer' },
      ],
    },
  ],
}

const table = (columns: TableOutput['columns'], rows: Scalar[][], name = 'result'): TableOutput => ({
  type: 'table',
  name,
  columns,
  rows,
})
const named = (...names: string[]): TableOutput['columns'] => names.map((name) => ({ name }))
const sheetOf = (...runs: TypedOutput[]): AlignedSheet | undefined => {
  const aligned = align(
    runs.map((output) => [output]),
    schema,
  )
  return aligned?.[0]
}
const kindsOf = (...runs: TypedOutput[]) => sheetOf(...runs)?.columns.map(({ kind }) => kind)
const scalar = (name: string, value: Scalar, unit?: string): TypedOutput => ({ type: 'scalar', name, value, unit })

describe('outputs of the runs', () => {
  it('are laid over each other in their order', () => {
    const run = (mean: number, low: number): TypedOutput[] => [scalar('mean', mean), scalar('low', low)]
    expect(align([run(4, 1), run(5, 2)], schema)).toEqual([
      {
        name: 'mean',
        type: 'scalar',
        columns: [{ name: 'value', unit: undefined, kind: 'value' }],
        rows: [{ key: [], runs: [[4], [5]] }],
        dropped: false,
        mismatched: false,
      },
      expect.objectContaining({ name: 'low', rows: [{ key: [], runs: [[1], [2]] }] }),
    ])
  })
  it('are in the order of the alphabet where a run has another', () => {
    const [one, other] = [scalar('b', 1), scalar('a', 2)]
    expect(
      align(
        [
          [one, other],
          [one, other],
        ],
        schema,
      )?.map(({ name }) => name),
    ).toEqual(['b', 'a'])
    expect(
      align(
        [
          [one, other],
          [other, one],
        ],
        schema,
      )?.map(({ name }) => name),
    ).toEqual(['a', 'b'])
  })
  it('of no run at all, or of none with an output, are none', () => {
    expect(align([], schema)).toEqual([])
    expect(align([[], []], schema)).toEqual([])
  })
  it.each<[string, TypedOutput[][]]>([
    ['a name that comes twice', [[scalar('a', 1), scalar('a', 2)]]],
    ['a name that comes twice in another run', [[scalar('a', 1)], [scalar('a', 1), scalar('a', 2)]]],
    ['an output more', [[scalar('a', 1)], [scalar('a', 1), scalar('b', 1)]]],
    ['an output less', [[scalar('a', 1), scalar('b', 1)], [scalar('a', 1)]]],
    ['another name', [[scalar('a', 1)], [scalar('b', 1)]]],
    ['another type', [[scalar('a', 1)], [table(named('value'), [[1]], 'a')]]],
    ['another unit', [[scalar('a', 1, 'ms')], [scalar('a', 1, 's')]]],
    ['a column more', [[table(named('x'), [[1]])], [table(named('x', 'y'), [[1, 2]])]]],
    ['a column less', [[table(named('x', 'y'), [[1, 2]])], [table(named('x'), [[1]])]]],
    ['a column twice', [[table(named('x', 'x'), [[1, 2]])], [table(named('x', 'x'), [[1, 2]])]]],
    ['another column', [[table(named('x', 'y'), [[1, 2]])], [table(named('x', 'z'), [[1, 2]])]]],
    [
      'a column of another kind',
      [[table([{ name: 'x', kind: 'count' }], [[1]])], [table([{ name: 'x', kind: 'value' }], [[1]])]],
    ],
  ])('that differ by %s block the job', (_, runs) => expect(align(runs, schema)).toBeUndefined())
})

describe('columns', () => {
  it('that a run has in another order are ordered by name, with their values', () => {
    const one = table(named('y', 'x', 'arm'), [
      [1.5, 2.5, 'A'],
      [3.5, 4.5, 'B'],
    ])
    const other = table(named('arm', 'x', 'y'), [
      ['A', 20.5, 10.5],
      ['B', 40.5, 30.5],
    ])
    const sheet = sheetOf(one, other)!
    expect(sheet.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ['arm', 'group'],
      ['x', 'value'],
      ['y', 'value'],
    ])
    expect(sheet.rows).toEqual([
      {
        key: ['A'],
        runs: [
          ['A', 2.5, 1.5],
          ['A', 20.5, 10.5],
        ],
      },
      {
        key: ['B'],
        runs: [
          ['B', 4.5, 3.5],
          ['B', 40.5, 30.5],
        ],
      },
    ])
  })
  it('that all runs have in one order stay there', () => {
    const run = table(named('y', 'x'), [[1.5, 2.5]])
    expect(sheetOf(run, run)!.columns.map(({ name }) => name)).toEqual(['y', 'x'])
  })
  it('that were declared are what they were declared as', () => {
    const declared: TableOutput['columns'] = [
      { name: 'a', kind: 'group' },
      { name: 'b', kind: 'value' },
      { name: 'c', kind: 'count' },
    ]
    const run = table(declared, [
      [1, 2, 3.5],
      [2, 3, 4.5],
    ])
    expect(kindsOf(run, run)).toEqual(['group', 'value', 'count'])
  })
  it('with texts in any run are groups', () => {
    const columns = named('x', 'y')
    expect(kindsOf(table(columns, [['a', 1.5]]), table(columns, [['a', 2.5]]))).toEqual(['group', 'value'])
    expect(kindsOf(table(columns, [[1.5, 1.5]]), table(columns, [[1.5, 'a']]))).toEqual(['value', 'group'])
  })
  it('of whole numbers in every run count, unless one is below nothing, broken or a single row', () => {
    const two = (first: Scalar, second: Scalar) =>
      table(named('x', 'y'), [
        [0.5, first],
        [0.7, second],
      ])
    expect(kindsOf(two(1, 2), two(0, null))).toEqual(['value', 'count'])
    expect(kindsOf(two(1, 2), two(1, 2.5))).toEqual(['value', 'value'])
    expect(kindsOf(two(1, 2), two(-1, 2))).toEqual(['value', 'value'])
    expect(kindsOf(two(1, 2), two(1, true))).toEqual(['value', 'value'])
    expect(kindsOf(table(named('x', 'y'), [[0.5, 1]]))).toEqual(['value', 'value'])
    expect(kindsOf(table(named('x', 'n'), [[0.5, 1]])), 'a name that says so').toEqual(['value', 'count'])
  })
  it.each([
    ['declared by the schema, in any case', 'ward', 'group'],
    ['a word that leads tables', 'Quartile', 'group'],
    ['any other name', 'dose', 'count'],
  ] as const)('that lead a table and tell its rows apart: %s', (_, name, kind) => {
    const run = table(named(name, 'mean'), [
      [1, 2.5],
      [2, 3.5],
    ])
    expect(kindsOf(run, run)).toEqual([kind, 'value'])
  })
  it('lead only where they tell the rows of every run apart, are whole, and are not the last', () => {
    const run = (rows: Scalar[][]) => table(named('level', 'mean'), rows)
    const apart = [
      [1, 2.5],
      [2, 3.5],
    ]
    expect(kindsOf(run(apart), run(apart))).toEqual(['group', 'value'])
    expect(
      kindsOf(
        run(apart),
        run([
          [1, 2.5],
          [1, 3.5],
        ]),
      ),
    ).toEqual(['count', 'value'])
    expect(
      kindsOf(
        run(apart),
        run([
          [1, 2.5],
          [2.5, 3.5],
        ]),
      ),
    ).toEqual(['value', 'value'])
    expect(kindsOf(run([[1, 2.5]]), run([[1, 2.5]])), 'a single row').toEqual(['value', 'value'])
    const last = table(named('mean', 'level'), [
      [2.5, 1],
      [3.5, 2],
    ])
    expect(kindsOf(last, last)).toEqual(['value', 'count'])
    const two = table(named('level', 'bin', 'mean'), [
      [1, 1, 0.5],
      [1, 2, 0.6],
      [2, 1, 0.7],
    ])
    expect(kindsOf(two, two), 'the first alone does not').toEqual(['count', 'count', 'value'])
    const after = table(named('arm', 'level', 'mean'), [
      ['A', 1, 0.5],
      ['A', 2, 0.6],
      ['B', 1, 0.7],
    ])
    expect(kindsOf(after, after), 'with a group before').toEqual(['group', 'group', 'value'])
  })
})

describe('rows', () => {
  const columns = named('arm', 'mean')
  const run = (...rows: Scalar[][]) => table(columns, rows)
  const keys = (sheet: AlignedSheet | undefined) => sheet?.rows.map(({ key }) => key[0])

  it('are matched by their groups; those that a run lacks are left away', () => {
    const sheet = sheetOf(run(['A', 1.5], ['B', 2.5], ['C', 3.5]), run(['A', 10.5], ['C', 30.5]))!
    expect(sheet.rows).toEqual([
      {
        key: ['A'],
        runs: [
          ['A', 1.5],
          ['A', 10.5],
        ],
      },
      {
        key: ['C'],
        runs: [
          ['C', 3.5],
          ['C', 30.5],
        ],
      },
    ])
    expect([sheet.dropped, sheet.mismatched]).toEqual([true, false])
  })
  it('that only a run without somebody has are no match', () => {
    const sheet = sheetOf(run(['A', 1.5]), run(['A', 1.5], ['B', 2.5]))!
    expect([keys(sheet), sheet.dropped, sheet.mismatched]).toEqual([['A'], false, true])
  })
  it('stay in the order of all runs, and are sorted where a run has another', () => {
    const ordered = [
      ['C', 1.5],
      ['A', 2.5],
      ['B', 3.5],
    ]
    const turned = [
      ['A', 2.5],
      ['C', 1.5],
      ['B', 3.5],
    ]
    expect(keys(sheetOf(run(...ordered), run(...ordered)))).toEqual(['C', 'A', 'B'])
    expect(keys(sheetOf(run(...ordered), run(...turned)))).toEqual(['A', 'B', 'C'])
    const short = sheetOf(run(...ordered), run(['C', 1.5], ['B', 3.5]))
    expect([keys(short), short?.mismatched], 'a row that is left away moves none').toEqual([['C', 'B'], false])
  })
  it('are sorted as numbers where keys are numbers, as texts otherwise, by the first group first', () => {
    const numbered = (...levels: Scalar[]) =>
      table(
        named('level', 'mean'),
        levels.map((level) => [level, 0.5]),
      )
    expect(keys(sheetOf(numbered(9, 10, 2), numbered(2, 9, 10)))).toEqual([2, 9, 10])
    const mixed = (...levels: Scalar[]) =>
      table(
        [{ name: 'level', kind: 'group' }, { name: 'mean' }],
        levels.map((level) => [level, 0.5]),
      )
    expect(keys(sheetOf(mixed('b', 10, 9), mixed(9, 'b', 10)))).toEqual([9, 10, 'b'])
    const two = (...rows: Scalar[][]) =>
      table(
        named('arm', 'sex', 'mean'),
        rows.map((row) => [...row, 0.5]),
      )
    const sheet = sheetOf(two(['B', 'f'], ['A', 'm'], ['A', 'f']), two(['A', 'f'], ['A', 'm'], ['B', 'f']))
    expect(sheet?.rows.map(({ key }) => key)).toEqual([
      ['A', 'f'],
      ['A', 'm'],
      ['B', 'f'],
    ])
  })
  it('whose key comes again are told apart by their number', () => {
    const sheet = sheetOf(run(['A', 1.5], ['A', 2.5]), run(['A', 10.5], ['A', 20.5]))!
    expect(sheet.rows.map(({ runs }) => runs.map((row) => row[1]))).toEqual([
      [1.5, 10.5],
      [2.5, 20.5],
    ])
    const three = sheetOf(run(['A', 1.5], ['A', 2.5], ['A', 3.5]), run(['A', 1.5], ['A', 2.5], ['A', 3.5]))
    expect(three?.rows).toHaveLength(3)
  })
  it('of a table without groups are matched by their place, and have to be as many', () => {
    const plain = (...values: number[]) =>
      table(
        named('x'),
        values.map((value) => [value]),
      )
    const same = sheetOf(plain(1.5, 2.5), plain(10.5, 20.5))!
    expect([same.rows.map(({ runs }) => runs.flat()), same.mismatched]).toEqual([
      [
        [1.5, 10.5],
        [2.5, 20.5],
      ],
      false,
    ])
    const shorter = sheetOf(plain(1.5, 2.5), plain(10.5))!
    expect([shorter.rows.length, shorter.dropped, shorter.mismatched]).toEqual([1, true, true])
    const one = sheetOf(plain(1.5, 2.5), plain(1.5, 2.5), plain(1.5))!
    expect(one.mismatched, 'one run of several').toBe(true)
  })
})
