/** What the page makes of a log and of a table, without a browser. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plain, spansOf } from './ansi.ts'
import { parseCsv } from '../csv.ts'
import { LogBuffer, mostLines, type Placed, textOf } from './log-buffer.ts'

const escape = '\u001b'
/** Records behind each other, ten bytes each. */
const placed = (some: Partial<Placed>[], from = 0): Placed[] =>
  some.map((r, i) => ({ t: i, s: 'out', x: '', id: from + 10 * i, next: from + 10 * (i + 1), ...r }) as Placed)
const texts = (b: LogBuffer): string[] => b.lines.map(textOf)

describe('the window of a log', () => {
  it('takes each record once, whatever is sent again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(fc.nat(39), fc.nat(12)), { maxLength: 20 }),
        (lines, pages) => {
          const all = placed(Array.from({ length: lines }, (_, i) => ({ x: `line ${i}` })))
          const buffer = new LogBuffer()
          for (const [at, length] of pages)
            if (all[at] && all[at].id <= buffer.next) buffer.append(all.slice(at, at + length))
          expect(texts(buffer)).toEqual(all.filter((r) => r.id < buffer.next).map((r) => r.x))
        },
      ),
    )
  })

  it('shows a progress bar once, and what ends it as its last state', () => {
    const buffer = new LogBuffer()
    buffer.append(
      placed([
        { x: 'start' },
        { x: ' 10%', s: 'err', p: 1 },
        { x: 'meanwhile' },
        { x: ' 50%', s: 'err', p: 1 },
        { x: '100%', s: 'err', p: 2 },
        { x: ' 10%', s: 'err', p: 1 },
        { x: 'done', s: 'err' },
        { x: ' 20%', s: 'err', p: 1 },
      ]),
    )
    expect(texts(buffer)).toEqual(['start', '100%', 'meanwhile', ' 10%', 'done', ' 20%'])
  })

  it('keeps declared steps, progress, figures and samples apart from lines', () => {
    const buffer = new LogBuffer()
    buffer.append(
      placed([
        { x: 'cloister: step read', step: 'read' },
        { x: 'cloister: progress 3/4', progress: [3, 4] },
        { u: [50, 1024] },
        { x: 'cloister: metric loss 0.5 2', metric: ['loss', 0.5, 2] },
        { s: 'sys', x: 'Finished.', end: 'finished' },
      ]),
    )
    expect([texts(buffer), buffer.step, buffer.progress, buffer.samples, buffer.ended]).toEqual([
      ['read', 'loss = 0.5 (step 2)', 'Finished.'],
      'read',
      [3, 4],
      [{ t: 2, cpu: 50, memory: 1024 }],
      true,
    ])
    buffer.append(placed([{ x: 'cloister: step write', step: 'write' }], 50))
    expect(buffer.progress).toBeUndefined()
  })

  it('stays as long as memory likes, and knows where it begins', () => {
    const buffer = new LogBuffer()
    const lines = mostLines * 2
    buffer.append(placed(Array.from({ length: lines }, (_, i) => ({ x: String(i) }))))
    expect(buffer.lines.length).toBeLessThanOrEqual(mostLines * 1.25)
    expect([buffer.lines.at(-1)!.x, buffer.first]).toEqual([String(lines - 1), buffer.lines[0]!.id])
    const held = buffer.lines.length
    const from = buffer.first - 50
    buffer.prepend(
      placed(
        Array.from({ length: 6 }, (_, i) => ({ x: `before ${i}` })),
        from,
      ),
      from,
    )
    // The last of the page is in the window already.
    expect([buffer.lines.length, buffer.first, texts(buffer)[0], buffer.lines.map((l) => l.id)]).toEqual([
      held + 5,
      from,
      'before 0',
      buffer.lines.map((l) => l.id).toSorted((x, y) => x - y),
    ])
  })
})

describe('colours', () => {
  it('become spans, and no control sequence is left', () => {
    expect(
      spansOf(`a${escape}[1;31mb${escape}[0mc${escape}[38;5;196md${escape}[48;2;1;2;300me${escape}[39;49mf`),
    ).toEqual([
      { text: 'a' },
      { text: 'b', bold: true, ink: 1 },
      { text: 'c' },
      { text: 'd', ink: 'rgb(255,0,0)' },
      { text: 'e', ink: 'rgb(255,0,0)', ground: 'rgb(1,2,44)' },
      { text: 'f' },
    ])
    expect(spansOf(`${escape}[2K${escape}]0;title\u0007x\u0000y${escape}[3A`)).toEqual([{ text: 'x' }, { text: 'y' }])
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom(`${escape}[`, escape, 'm', ';', '38;5;', '2;')), {
          maxLength: 12,
        }),
        (parts) => {
          const line = parts.join('')
          const out = spansOf(line)
            .map((s) => s.text)
            .join('')
          expect(out).toBe(plain(line))
          // eslint-disable-next-line no-control-regex -- they are what it looks for
          expect(out).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/)
        },
      ),
    )
  })
})

describe('the head of a table', () => {
  it('reads back what was written, whatever is in the cells', () => {
    const cell = fc.string({ maxLength: 6 }).map((s) => s.replaceAll('\r', ''))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(',', ';', '\t'),
        fc.boolean(),
        (rows, separator, last) => {
          const text =
            [['a', 'b', 'c'], ...rows]
              .map((r) => r.map((v) => `"${v.replaceAll('"', '""')}"`).join(separator))
              .join('\r\n') + (last ? '\n' : '')
          expect(parseCsv(text, true)).toEqual({ columns: ['a', 'b', 'c'], rows })
        },
      ),
    )
  })
  it('leaves out a line that was cut off, and stops in time', () => {
    expect(parseCsv('\ufeffa,b\n1,2\n3,', false)).toEqual({ columns: ['a', 'b'], rows: [['1', '2']] })
    expect(parseCsv(`n\n${'1\n'.repeat(100)}`, true, 10).rows.length).toBe(10)
  })
})
