import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cellText, columnsOf, toCsv } from './csv.ts'

/** A strict RFC 4180 reader, written for the test alone: what a careful other program would see. */
function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let inside = false
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (inside) {
      if (character === '"' && text[at + 1] === '"') {
        cell += '"'
        at += 2
        continue
      }
      if (character === '"') inside = false
      else cell += character
    } else if (character === '"' && cell === '') inside = true
    else if (character === ',') {
      row.push(cell)
      cell = ''
    } else if (character === '\r' && text[at + 1] === '\n') {
      row.push(cell)
      rows.push(row)
      row = []
      cell = ''
      at += 2
      continue
    } else if (character === '"' || character === '\r' || character === '\n')
      throw new Error(`bare ${JSON.stringify(character)} at ${at}`)
    else cell += character
    at++
  }
  if (inside || cell !== '' || row.length) throw new Error('ends in the middle of a line')
  return rows
}

const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '=1+1',
    '@SUM(A1)',
    '+1',
    '-2',
    "'=x",
    "''-",
    '\t',
    '\r\n',
    '"',
    ',',
    '',
    '=HYPERLINK("x")',
    '__proto__',
    '-',
  ),
  fc.string(),
)
const value = fc.oneof(
  nasty,
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.jsonValue(),
)
const table = fc.array(
  fc.array(fc.tuple(nasty, value), { maxLength: 6 }).map((cells) => new Map<string, unknown>(cells)),
  { maxLength: 8 },
)

describe('CSV', () => {
  it('is read back cell by cell, whatever the values and the column names', () =>
    fc.assert(
      fc.property(table, (rows) => {
        const columns = columnsOf(rows)
        const read = readCsv(toCsv(rows))
        const cells = [columns.map(cellText), ...rows.map((r) => columns.map((c) => cellText(r.get(c))))]
        expect(read).toEqual(columns.length === 0 ? [] : cells)
      }),
    ))

  it.each(['=', '+', '-', '@', '\t', '\r'])('puts an apostrophe before a text that begins with %j', (first) => {
    expect(cellText(`${first}x`)).toBe(`'${first}x`)
    expect(cellText(`'${first}x`)).toBe(`''${first}x`)
    expect(cellText(`x${first}`)).toBe(`x${first}`)
  })
  it('leaves a text alone that is a plain number or an ordinary word', () =>
    expect(['-1', '+2.5e3', '.5', 'x', ' =x', "'x", '\n=x'].map(cellText)).toEqual([
      '-1',
      '+2.5e3',
      '.5',
      'x',
      ' =x',
      "'x",
      '\n=x',
    ]))

  it('never lets a text begin a formula', () =>
    fc.assert(
      fc.property(nasty, (text) => {
        const cell = cellText(text)
        const beginsFormula = /^[=+\-@\t\r]/.test(cell)
        expect(!beginsFormula || Number.isFinite(Number(cell))).toBe(true)
      }),
    ))

  const undone = (cell: string): string => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)
  it('neutralises in a way that can be undone', () =>
    fc.assert(
      fc.property(nasty, (text) => {
        expect(undone(cellText(text))).toBe(text)
      }),
    ))

  it('keeps numbers as they are', () =>
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(cellText(value)) + 0).toBe(value + 0)
      }),
    ))

  it('keeps columns in the order of their first appearance', () => {
    const rows = [
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
      new Map([
        ['c', 3],
        ['a', 4],
      ]),
    ]
    expect(toCsv(rows)).toBe('b,a,c\r\n1,2,\r\n,4,3\r\n')
  })

  it('tells the empty text from nothing', () => {
    expect(
      toCsv([
        new Map([
          ['a', ''],
          ['b', null],
        ]),
      ] as Map<string, unknown>[]),
    ).toBe('a,b\r\n"",\r\n')
    expect(toCsv([new Map([['a', null]])] as Map<string, unknown>[])).toBe('a\r\n""\r\n')
  })

  it('shows the cases people ask about', () => {
    expect(['=1+1', '-3', '-3e5', '-x', '@x', '1-2', "'=x", { a: 1 }, true].map(cellText)).toEqual([
      "'=1+1",
      '-3',
      '-3e5',
      "'-x",
      "'@x",
      '1-2',
      "''=x",
      '{"a":1}',
      'true',
    ])
  })
})
