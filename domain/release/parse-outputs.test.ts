import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sheetsOf } from './outputs.ts'
import { parseCsv } from './parse-csv.ts'
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
