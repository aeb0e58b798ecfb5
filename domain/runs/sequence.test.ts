import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64url } from '../hash.ts'
import { fakeRecord } from '../../test/ingest-support.ts'
import { coverage, maxChunkRecords, type Range } from './records.ts'
import { gaps, headerFault, placed, reach } from './sequence.ts'

const ranges = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 })).map(([a, n]): Range => [a, a + n]),
  { maxLength: 30 },
)
const members = (rs: readonly Range[]): Set<number> =>
  new Set(rs.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)))

describe('coverage', () => {
  it('says the same as the set of numbers, in whatever order the ranges come', () =>
    fc.assert(
      fc.property(ranges, (rs) => {
        const held = members(rs)
        const covered = coverage(rs)
        let through = 0
        while (held.has(through + 1)) through++
        expect(covered.through).toBe(through)
        expect(covered.count).toBe(held.size)
        expect(covered.highest).toBe(Math.max(0, ...held))
        expect(members(covered.ranges)).toEqual(new Set([...held].filter((n) => n > through)))
        expect(coverage([...rs].reverse())).toEqual(covered)
      }),
    ))
  it('does not change the ranges it is given', () => {
    const rs: Range[] = [
      [1, 2],
      [3, 4],
      [2, 9],
    ]
    coverage(rs)
    expect(rs).toEqual([
      [1, 2],
      [3, 4],
      [2, 9],
    ])
  })
})

describe('chunks that overlap', () => {
  it('leave every number with the chunk that was stored first', () =>
    fc.assert(
      fc.property(ranges, (rs) => {
        const chunks = rs.map(([first, last], order) => ({ first, last, order }))
        const at = placed([...chunks].sort((a, b) => a.first - b.first))
        for (const seq of members(rs))
          expect(at.get(seq)!.order).toBe(chunks.find((c) => c.first <= seq && seq <= c.last)!.order)
        expect(at.size).toBe(members(rs).size)
      }),
    ))
  it('leave exactly the unseen stretches to be stored', () =>
    fc.assert(
      fc.property(ranges, fc.integer({ min: 1, max: 60 }), (rs, first) => {
        const held = members(rs)
        const open = gaps(first, first + 24, (n) => held.has(n))
        expect(members(open)).toEqual(
          new Set(Array.from({ length: 25 }, (_, i) => first + i).filter((n) => !held.has(n))),
        )
        for (const [before, [start]] of open.slice(1).entries()) expect(start).toBeGreaterThan(open[before]![1] + 1)
      }),
    ))
})

describe('how far back a chunk can reach', () => {
  it.each([
    [1, 1],
    [maxChunkRecords - 1, 1],
    [maxChunkRecords, 1],
    [maxChunkRecords + 1, 2],
    [1000, 1000 - maxChunkRecords + 1],
  ])('a chunk that covers %i begins at %i or later', (seq, lowest) => {
    expect(reach(seq)).toBe(lowest)
  })
  it('a full chunk that begins there covers the number, one that begins before does not', () => {
    const first = reach(500)
    expect(first + maxChunkRecords - 1).toBe(500)
  })
})

describe('a protected header', () => {
  const declared = { run: 'run_x', seq: 3, op: 'append', part: 'trials' }
  it('must be the declared one', () => {
    expect(headerFault(fakeRecord('run_x', 3).jwe, declared)).toBeUndefined()
    for (const other of [{ run: 'run_y' }, { seq: 4 }, { op: 'replace' }, { part: 'p' }])
      expect(headerFault(fakeRecord('run_x', 3).jwe, { ...declared, ...other })).toContain(Object.keys(other)[0])
  })
  it('is judged without throwing, whatever it is', () =>
    fc.assert(
      fc.property(fc.string(), (anything) => {
        expect(headerFault(`${anything}..a.b.c`, declared)).toBeTypeOf('string')
      }),
    ))
  const encoded = (header: unknown): string => `${base64url(new TextEncoder().encode(JSON.stringify(header)))}..a.b.c`
  const whole = { alg: 'dir', enc: 'A256GCM', ...declared }
  it('may have 600 characters and no more', () => {
    const ofLength = (characters: number): string => {
      // Three bytes are four characters.
      const bytes = (characters * 3) / 4
      const padding = bytes - JSON.stringify({ ...whole, x: '' }).length
      return encoded({ ...whole, x: ' '.repeat(padding) })
    }
    expect(ofLength(600).indexOf('.')).toBe(600)
    expect(headerFault(ofLength(600), declared)).toBeUndefined()
    expect(headerFault(ofLength(604), declared)).toContain('longer than 600')
  })
  it.each([
    null,
    5,
    'text',
    [],
    { ...whole, alg: 'A256KW' },
    { ...whole, enc: 'A128GCM' },
    { ...whole, alg: undefined },
  ])('says by which algorithms it is sealed: %j does not', (header) => {
    expect(headerFault(encoded(header), declared)).toBe('The protected header must say alg dir and enc A256GCM')
  })
  it.each([
    ['no base64url', '*..a.b.c'],
    ['no JSON', `${base64url(new TextEncoder().encode('{'))}..a.b.c`],
    ['no UTF-8', `${base64url(Uint8Array.of(0x22, 0xff, 0x22))}..a.b.c`],
    ['nothing', '..a.b.c'],
  ])('is JSON: %s is not', (_, jwe) => {
    expect(headerFault(jwe, declared)).toBe('The protected header is not JSON')
  })
})
