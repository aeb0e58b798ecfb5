import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutTable, readTable, TableUnusable } from './csv.ts'
import { inRun, paceOf, partition, runsOf } from './plans.ts'

const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((k) => Buffer.from(k).toString('hex'))
const people = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 200 })
const blocks = fc.integer({ min: 1, max: 20 })
const sizes = (cut: Map<string, number>, n: number): number[] =>
  Array.from({ length: n }, (_, b) => [...cut.values()].filter((v) => v === b).length)

test('a balanced cut covers everybody once, differs by at most one, and does not depend on order', () => {
  fc.assert(
    fc.property(people, blocks, key, (subjects, count, seed) => {
      const cut = partition(subjects, count, seed, 'balanced')
      expect([...cut.keys()].sort()).toEqual([...subjects].sort())
      const blockSizes = sizes(cut, count)
      expect(blockSizes.reduce((a, b) => a + b, 0)).toBe(subjects.length)
      expect(Math.max(...blockSizes) - Math.min(...blockSizes)).toBeLessThanOrEqual(1)
      const again = partition([...subjects].reverse().concat(subjects), count, seed, 'balanced')
      for (const [subject, block] of cut) expect(again.get(subject)).toBe(block)
    }),
  )
})

test('an independent cut: who is there or not changes nobody else’s block', () => {
  fc.assert(
    fc.property(people, blocks, key, fc.nat(), (subjects, count, seed, picked) => {
      const cut = partition(subjects, count, seed, 'independent')
      const without = partition(
        subjects.filter((_, j) => j !== picked % subjects.length),
        count,
        seed,
        'independent',
      )
      for (const [subject, block] of without) expect(cut.get(subject)).toBe(block)
      for (const block of cut.values()) expect(block >= 0 && block < count).toBe(true)
    }),
  )
  const many = partition(
    Array.from({ length: 20_000 }, (_, i) => `s${i}`),
    10,
    '11'.repeat(32),
    'independent',
  )
  for (const size of sizes(many, 10)) expect(Math.abs(size - 2000)).toBeLessThan(250)
})

test('the key decides: another one cuts differently', () => {
  const subjects = Array.from({ length: 100 }, (_, i) => `s${i}`)
  expect(new Map(partition(subjects, 8, '00'.repeat(32), 'balanced'))).not.toEqual(
    partition(subjects, 8, '01'.repeat(32), 'balanced'),
  )
  expect(() => partition(subjects, 8, 'abc', 'balanced')).toThrow(RangeError)
  expect(() => partition(subjects, 0, '00'.repeat(32), 'balanced')).toThrow(RangeError)
})

test('plans: leave-out drops each block once, blocks uses each once', () => {
  const leaveOut = runsOf({ kind: 'leave-out', blocks: 3 })
  expect(leaveOut.map((r) => r.run)).toEqual(['all', 0, 1, 2])
  expect(leaveOut.map((r) => [0, 1, 2].filter((b) => inRun(r, b)))).toEqual([
    [0, 1, 2],
    [1, 2],
    [0, 2],
    [0, 1],
  ])
  expect(
    runsOf({ kind: 'blocks', blocks: 3, slotSeconds: 1 }).map((r) => [0, 1, 2].filter((b) => inRun(r, b))),
  ).toEqual([[0], [1], [2]])
  expect(runsOf({ kind: 'whole' }).map((r) => r.run)).toEqual(['all'])
})

test('time is told when the runs agree on it; otherwise a power of two of seconds is all that can be seen', () => {
  const plan = { kind: 'leave-out', blocks: 8 } as const
  const alike = [2, 2.4, 1.9, 2.2, 2, 2.6, 3, 2, 2.1]
  expect(paceOf(plan, alike, 10.3, 300, false)).toBe(10.3)
  for (const slept of [2, 5, 30])
    expect(paceOf(plan, [...alike.slice(0, 8), 2.1 + slept], 10.3 + slept, 300, false)).toBe(
      2 ** Math.ceil(Math.log2(10.3 + slept)),
    )
  for (const elapsed of [4.01, 6, 8]) expect(paceOf({ kind: 'whole' }, [elapsed], elapsed, 300, false)).toBe(8)
  for (const elapsed of [0.1, 0.9]) expect(paceOf({ kind: 'whole' }, [elapsed], elapsed, 300, false)).toBe(1)
  // A plan that met its time limit took one, two, ... of them.
  for (const elapsed of [300.2, 307]) expect(paceOf(plan, [300], elapsed, 300, true)).toBe(300)
  for (const elapsed of [360, 590]) expect(paceOf(plan, [60, 300], elapsed, 300, true)).toBe(600)
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 2700, noNaN: true }), fc.boolean(), (elapsed, over) => {
      expect(paceOf(plan, [0.1, elapsed], elapsed, 300, over)).toBeGreaterThanOrEqual(
        over ? elapsed - 31 : Math.min(elapsed, 2700),
      )
    }),
  )
})

const field = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ', '1') })
const quoted = (s: string): string => `"${s.replaceAll('"', '""')}"`

test('cutting a table keeps the bytes of its rows, whatever is in them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), field)),
      fc.boolean(),
      fc.boolean(),
      (rows, endsWithBreak, windows) => {
        const brk = windows ? '\r\n' : '\n'
        const lines = rows.map(([id, text]) => `${quoted(text)},S${id}`)
        const file = ['note,"the ""subject"""', ...lines].join(brk) + (endsWithBreak ? brk : '')
        const table = readTable(Buffer.from(file), 'the "subject"')
        expect(table.rows.map((r) => r.subject)).toEqual(rows.map(([id]) => `S${id}`))
        const kept = lines.filter((_, i) => rows[i]![0] < 3)
        const cut = cutTable(table, (s) => Number(s.slice(1)) < 3).bytes.toString('utf8')
        expect(cut.replace(/\r?\n$/, '')).toBe(['note,"the ""subject"""', ...kept].join(brk).replace(/\r?\n$/, ''))
      },
    ),
  )
})

test('rows of nobody are left out; paths are gathered; what is no table is said so', () => {
  const table = readTable(Buffer.from('\uFEFFid,path\nA,x/1.nii\n,x/2.nii\nB,x/3.nii\n'), 'id', 'path')
  expect(cutTable(table, () => true)).toEqual({
    bytes: Buffer.from('id,path\nA,x/1.nii\nB,x/3.nii\n'),
    paths: new Set(['x/1.nii', 'x/3.nii']),
  })
  expect(() => readTable(Buffer.from('a,b\n1,2\n'), 'id')).toThrow(TableUnusable)
  expect(() => readTable(Buffer.from('id\n"1\n'), 'id')).toThrow(TableUnusable)
  expect(() => readTable(Buffer.alloc(0), 'id')).toThrow(TableUnusable)
})
