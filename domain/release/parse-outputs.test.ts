import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sheetsOf } from './outputs.ts'
import { parseCsv, scalarOf } from './parse-csv.ts'
import { parseOutputs } from './parse-outputs.ts'

const limits = { rows: 5000, bytes: 16_000_000 }
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (text: string, file = 'result.json', l = limits): ReturnType<typeof parseOutputs> =>
  parseOutputs([{ file, bytes: bytes(text) }], l)
const problem = (text: string, file?: string): string | undefined => {
  const parsed = read(text, file)
  expect(parsed.outputs).toEqual([])
  return parsed.problems[0]?.problem
}

describe('result.json', () => {
  it('takes typed outputs, one or many', () => {
    const table = {
      type: 'table',
      name: 't',
      columns: ['sex', { name: 'n', kind: 'count' }, { name: 'people', subjects: true }],
      rows: [['female', 12, 12], { sex: 'male', n: 13, people: 13 }],
    }
    const list = [
      table,
      { type: 'estimate', name: 'e', estimate: 1.5, low: 1, high: 2, n: 40 },
      { type: 'histogram', name: 'h', edges: [0, 1, 2], counts: [3, 4] },
      { type: 'scalar', name: 's', value: null, unit: 'kg' },
      { type: 'model', name: 'm', terms: [{ term: '(Intercept)', estimate: 1, pValue: 0.2 }], fit: { r2: 0.4 }, n: 40 },
    ]
    const parsed = read(JSON.stringify({ outputs: list }))
    expect(parsed.problems).toEqual([])
    expect(parsed.outputs.map((o) => o.type)).toEqual(['table', 'estimate', 'histogram', 'scalar', 'model'])
    expect(parsed.outputs[0]).toEqual({
      type: 'table',
      name: 't',
      columns: [{ name: 'sex' }, { name: 'n', kind: 'count' }, { name: 'people', kind: 'count' }],
      rows: [
        ['female', 12, 12],
        ['male', 13, 13],
      ],
    })
    expect(parsed.outputs.flatMap(sheetsOf).map((s) => [s.name, s.columns.length, s.rows.length])).toEqual([
      ['t', 3, 2],
      ['e', 4, 1],
      ['h', 3, 2],
      ['s', 1, 1],
      ['m', 3, 1],
      ['m fit', 2, 2],
    ])
    expect(read(JSON.stringify(table)).outputs).toHaveLength(1)
  })
  it('takes any object: numbers, lists, nested objects with dotted names', () => {
    const parsed = read(
      '{"mean": {"age": 61.5, "bmi": 26}, "values": [1, 2, NaN], "rows": [{"a": 1}, {"a": 2, "b": "x"}], "grid": [[1, 2], [3, 4]], "ok": true, "none": null, "low": -Infinity}',
    )
    expect(parsed.problems).toEqual([])
    expect(parsed.outputs.map((o) => o.name)).toEqual([
      'mean.age',
      'mean.bmi',
      'values',
      'rows',
      'grid',
      'ok',
      'none',
      'low',
    ])
    expect(parsed.outputs[2]).toMatchObject({ rows: [[1], [2], [null]] })
    expect(parsed.outputs[3]).toMatchObject({
      columns: [{ name: 'a' }, { name: 'b' }],
      rows: [
        [1, null],
        [2, 'x'],
      ],
    })
    expect(parsed.outputs.at(-1)).toMatchObject({ value: null })
  })
  it('leaves NaN in texts alone', () =>
    expect(read('{"a": "NaN \\" Infinity", "b": 1}').outputs[0]).toMatchObject({ value: 'NaN " Infinity' }))
  it.each([
    ['{', 'not-json'],
    ['', 'not-json'],
    ['[1, [2]]', 'bad-shape'],
    ['"text"', 'not-an-object'],
    ['{"a": {"__proto__": 1}}', 'bad-name'],
    ['{"a\\u0000b": 1}', 'bad-name'],
    ['{"\\ud800": 1}', 'bad-name'],
    ['{"a": "\\udc00"}', 'bad-shape'],
    [
      '{"outputs": [{"type": "scalar", "name": "a", "value": 1}, {"type": "scalar", "name": "a", "value": 2}]}',
      'duplicate-name',
    ],
    ['{"outputs": [{"type": "picture", "name": "a"}]}', 'bad-shape'],
    ['{"outputs": [3]}', 'bad-shape'],
    ['{"outputs": [{"type": "histogram", "name": "h", "edges": [0, 0], "counts": [1]}]}', 'bad-shape'],
    ['{"outputs": [{"type": "table", "name": "t", "columns": ["a"], "rows": [[1, 2]]}]}', 'bad-shape'],
    [
      '{"outputs": [{"type": "model", "name": "m", "terms": [{"term": "x", "estimate": 1}, {"term": "x", "estimate": 1}]}]}',
      'duplicate-name',
    ],
    ['{"outputs": [{"type": "table", "name": "t", "columns": [], "rows": []}]}', 'bad-shape'],
    [`{"a": "${'x'.repeat(201)}"}`, 'bad-shape'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'too-deep'],
    [`{"a": [${Array.from({ length: 5001 }, () => 1).join()}]}`, 'too-many-rows'],
  ])('a bad shape is a problem: %.60s', (text, expected) => expect(problem(text)).toBe(expected))
  it('text that is no UTF-8, and too many bytes', () => {
    expect(parseOutputs([{ file: 'result.json', bytes: Uint8Array.of(0xff, 0xfe, 0x7b) }], limits).problems).toEqual([
      { file: 'result.json', problem: 'not-text' },
    ])
    expect(read('{"a": 1}', 'result.json', { rows: 10, bytes: 5 }).problems).toEqual([
      { file: 'result.json', problem: 'too-large' },
    ])
  })
  it('huge numbers stay numbers or become missing', () =>
    expect(
      read('{"a": 123456789012345678901234567890, "b": 1e999}').outputs.map((o) => 'value' in o && o.value),
    ).toEqual([Number('123456789012345678901234567890'), null]))
  it('never throws, whatever the bytes', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map(bytes),
          fc.string({ unit: fc.constantFrom(...'{}[]",:0eE-NaIy\\u\n'), maxLength: 120 }).map(bytes),
        ),
        fc.constantFrom('result.json', 'a.csv', 'b.json', 'c.svg'),
        (bytes, file) => {
          const parsed = parseOutputs([{ file, bytes }], limits)
          for (const sheet of parsed.outputs.flatMap(sheetsOf))
            for (const row of sheet.rows) {
              expect(row).toHaveLength(sheet.columns.length)
              for (const number of row.filter((x) => typeof x === 'number')) expect(Number.isFinite(number)).toBe(true)
            }
        },
      ),
      { numRuns: 400 },
    ))
})

describe('CSV', () => {
  it('reads RFC 4180: quotes, line ends, missing values, row names', () => {
    expect(
      read('\uFEFF"",mean,"a ""b"", c",ok\r\n"x, y",1.5e2,NA,TRUE\r\n"line\nend",-.5,,false\r\n', 'summary.csv')
        .outputs[0],
    ).toEqual({
      type: 'table',
      name: 'summary',
      columns: [{ name: 'row' }, { name: 'mean' }, { name: 'a "b", c' }, { name: 'ok' }],
      rows: [
        ['x, y', 150, null, true],
        ['line\nend', -0.5, null, false],
      ],
    })
  })
  it.each([
    ['a,b\n1\n', 'ragged'],
    ['a,a\n1,2\n', 'duplicate-name'],
    ['a\n"x', 'unclosed-quote'],
    ['', 'no-header'],
    ['a,,c\n1,2,3\n', 'no-header'],
  ])('%j is a problem', (text, expected) => expect(problem(text, 'a.csv')).toBe(expected))
  it('reads back what was written', () =>
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ maxLength: 12 }), { minLength: 3, maxLength: 3 }), { maxLength: 8 }),
        (rows) => {
          const quoted = (s: string): string => `"${s.replaceAll('"', '""')}"`
          const table = parseCsv([['a', 'b', 'c'], ...rows].map((r) => r.map(quoted).join(',')).join('\r\n'), {
            rows: 100,
            columns: 10,
          })
          expect(table).toHaveProperty('rows.length', rows.length)
        },
      ),
    ))
  it('stops at its limits', () => {
    expect(parseCsv('a\n1\n2\n3\n', { rows: 2, columns: 5 })).toBe('too-many-rows')
    expect(parseCsv('a,b,c\n', { rows: 2, columns: 2 })).toBe('too-many-columns')
  })
})

it('plots are files for people, result.json comes first, names are distinct over files', () => {
  const parsed = parseOutputs(
    [
      { file: 'plot.png', bytes: Uint8Array.of(1) },
      { file: 'b.csv', bytes: bytes('x\n1\n') },
      { file: 'result.json', bytes: bytes('{"b": 1}') },
      { file: 'more.json', bytes: bytes('{"c": 2}') },
    ],
    limits,
  )
  expect(parsed.files).toEqual([{ file: 'plot.png', type: 'image/png', bytes: Uint8Array.of(1) }])
  expect(parsed.outputs.map((o) => o.name)).toEqual(['b', 'more.c'])
  expect(parsed.problems).toEqual([{ file: 'b.csv', problem: 'duplicate-name' }])
})

describe('limits, at and just over', () => {
  const outputs = (list: unknown[]): string => JSON.stringify({ outputs: list })
  const table = (columns: unknown, rows: unknown): string => outputs([{ type: 'table', name: 't', columns, rows }])
  const problemsOf = (text: string, more: object = {}, file = 'result.json'): (string | undefined)[] =>
    parseOutputs([{ file, bytes: bytes(text) }], { ...limits, ...more }).problems.map(({ problem }) => problem)

  it('bytes are those of all files together', () => {
    const two = [
      { file: 'result.json', bytes: bytes('{"a":1}') },
      { file: 'plot.png', bytes: new Uint8Array(3) },
    ]
    expect(parseOutputs(two, { rows: 5, bytes: 10 }).problems).toEqual([])
    expect(parseOutputs(two, { rows: 5, bytes: 9 }).problems).toEqual([{ file: 'plot.png', problem: 'too-large' }])
  })
  it('rows and columns of tables, however they are written', () => {
    const forms: [text: string, file: string][] = [
      [
        table(
          ['a', 'b'],
          [
            [1, 2],
            [3, 4],
          ],
        ),
        'result.json',
      ],
      [
        table(undefined, [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ]),
        'result.json',
      ],
      ['{"t": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}', 'result.json'],
      ['{"t": [[1, 2], [3, 4]]}', 'result.json'],
      ['a,b\n1,2\n3,4\n', 't.csv'],
    ]
    for (const [text, file] of forms) {
      expect([text, problemsOf(text, { rows: 2, columns: 2 }, file)]).toEqual([text, []])
      expect([text, problemsOf(text, { rows: 1, columns: 2 }, file)]).toEqual([text, ['too-many-rows']])
      expect([text, problemsOf(text, { rows: 2, columns: 1 }, file).length]).toEqual([text, 1])
    }
  })
  it('outputs of all files', () => {
    const text = '{"a": 1, "b": 2}'
    expect(problemsOf(text, { outputs: 2 })).toEqual([])
    expect(problemsOf(text, { outputs: 1 })).toEqual(['too-many-outputs'])
    const many = (count: number): string =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, i])))
    expect(problemsOf(many(2000))).toEqual([])
    expect(problemsOf(many(2001))).toEqual(['too-many-outputs'])
  })
  it('200 columns when no limit is given', () => {
    const row = (count: number): string =>
      JSON.stringify({ t: [Array.from({ length: count }, (_, i) => i), Array.from({ length: count }, (_, i) => i)] })
    expect(problemsOf(row(200))).toEqual([])
    expect(problemsOf(row(201))).toEqual(['too-many-columns'])
  })
  it('200 letters of a text or name', () => {
    expect(problemsOf(`{"a": "${'x'.repeat(200)}"}`)).toEqual([])
    expect(problemsOf(`{"${'x'.repeat(200)}": 1}`)).toEqual([])
    expect(problemsOf(`{"${'x'.repeat(201)}": 1}`)).toEqual(['bad-name'])
    expect(problemsOf('{" ": 1}')).toEqual(['bad-name'])
  })
  it('terms of a model and bins of a histogram are rows', () => {
    const model = (terms: unknown): string => outputs([{ type: 'model', name: 'm', terms }])
    const terms = [{ term: 'a', estimate: 1 }, { term: 'b' }]
    expect(problemsOf(model(terms), { rows: 2 })).toEqual([])
    expect(problemsOf(model(terms), { rows: 1 })).toEqual(['bad-shape'])
    for (const wrong of [[], {}, [1], [{ term: 'a', estimate: 1, low: 'x' }]])
      expect(problemsOf(model(wrong))).toEqual(['bad-shape'])
    expect(problemsOf(model([{ term: 1, estimate: 1 }]))).toEqual(['bad-name'])
    const histogram = (edges: unknown, counts: unknown): string =>
      outputs([{ type: 'histogram', name: 'h', edges, counts }])
    expect(problemsOf(histogram([0, 1, 2], [3, 4]), { rows: 2 })).toEqual([])
    expect(problemsOf(histogram([0, 1, 2], [3, 4]), { rows: 1 })).toEqual(['bad-shape'])
    for (const [edges, counts] of [
      [
        [0, 1],
        [3, 4],
      ],
      [
        [0, 1, 2, 3],
        [3, 4],
      ],
      [[0], []],
      [
        [0, 1, 1],
        [3, 4],
      ],
      [
        [0, 2, 1],
        [3, 4],
      ],
      [
        [0, '1', 2],
        [3, 4],
      ],
      [
        [0, 1, 2],
        [3, 'x'],
      ],
      ['x', [3]],
      [[0, 1], 'x'],
    ])
      expect(problemsOf(histogram(edges, counts))).toEqual(['bad-shape'])
  })
  it('what a typed output must have', () => {
    const wrong = [
      { type: 'estimate', name: 'e' },
      { type: 'estimate', name: 'e', estimate: 'x' },
      { type: 'estimate', name: 'e', estimate: 1, low: 'x' },
      { type: 'model', name: 'm', terms: [{ term: 'a', estimate: 1 }], fit: 3 },
      { type: 'table', name: 't', columns: ['a'], rows: 'x' },
      { type: 'table', name: 't', columns: 'a', rows: [] },
      { type: 'table', name: 't', columns: [3], rows: [] },
      { type: 'table', name: 't', columns: ['a'], rows: [3] },
      { type: 'scalar', name: 's', value: {} },
    ]
    for (const output of wrong) expect([output, problemsOf(outputs([output]))]).toEqual([output, ['bad-shape']])
    expect(problemsOf(outputs([{ type: 'scalar', value: 1 }]))).toEqual(['bad-name'])
    expect(problemsOf(outputs([{ type: 'scalar', name: 's', value: 1, unit: ' ' }]))).toEqual(['bad-name'])
    expect(problemsOf(table(['a', 'a'], [[1, 2]]))).toEqual(['duplicate-name'])
    expect(problemsOf('{"t": [[1, 2], [3]]}')).toEqual(['bad-shape'])
    expect(problemsOf('{"t": [[], []]}')).toEqual(['bad-shape'])
  })
  it('an empty list is no output, and a list of a file without a name is called `values`', () => {
    expect(read('{"a": []}').outputs).toEqual([])
    expect(read('[1, 2]').outputs).toEqual([
      { type: 'table', name: 'values', columns: [{ name: 'value' }], rows: [[1], [2]] },
    ])
    expect(read('{"t": [[1, 2], [3, 4]]}').outputs[0]).toMatchObject({
      columns: [{ name: 'column 1' }, { name: 'column 2' }],
    })
    expect(read('{"type": "scalar", "value": 3}').outputs.map(({ name }) => name)).toEqual(['type', 'value'])
  })
  it('files by the ending of their names, in any case; result first, then by name', () => {
    const parsed = parseOutputs(
      [
        { file: 'b.SVG', bytes: Uint8Array.of(2) },
        { file: 'a.PNG', bytes: Uint8Array.of(1) },
        { file: 'c.CSV', bytes: bytes('x\n1\n') },
        { file: 'result.json', bytes: bytes('{"z": 1}') },
        { file: 'a.json', bytes: bytes('3') },
      ],
      limits,
    )
    expect(parsed.files.map(({ file, type }) => [file, type])).toEqual([
      ['a.PNG', 'image/png'],
      ['b.SVG', 'image/svg+xml'],
    ])
    expect(parsed.outputs.map(({ name }) => name)).toEqual(['z', 'c'])
    expect(parsed.problems).toEqual([{ file: 'a.json', problem: 'not-an-object' }])
  })
})

describe('cells of CSV', () => {
  it.each([
    ['12', 12],
    [' -1.5E+2 ', -150],
    ['+.5', 0.5],
    ['5.', 5],
    ['.', '.'],
    ['1e', '1e'],
    ['1e99999', '1e99999'],
    ['1e9999', null],
    ['0x10', '0x10'],
    ['1 2', '1 2'],
    ['x1', 'x1'],
    ['NA', null],
    [' nan ', null],
    ['-inf', null],
    ['True', true],
    ['false', false],
    [' text ', ' text '],
  ])('%j is %j', (text, value) => expect(scalarOf(text)).toBe(value))
  it('rows and columns at their limits, empty lines and line ends of any kind', () => {
    expect(parseCsv('a,b\n1,2\n3,4', { rows: 2, columns: 2 })).toEqual({
      columns: ['a', 'b'],
      rows: [
        [1, 2],
        [3, 4],
      ],
    })
    expect(parseCsv('a\r1\r\n\r\n2\n\n', { rows: 2, columns: 1 })).toEqual({ columns: ['a'], rows: [[1], [2]] })
    expect(parseCsv('a,b\n,\n', { rows: 2, columns: 2 })).toEqual({ columns: ['a', 'b'], rows: [[null, null]] })
    expect(parseCsv(' ,b\n1,2', { rows: 2, columns: 2 })).toMatchObject({ columns: ['row', 'b'] })
    expect(parseCsv('"a"x,b\n"1""2"3,4', { rows: 2, columns: 2 })).toEqual({
      columns: ['ax', 'b'],
      rows: [['1"23', 4]],
    })
  })
})
