import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assign,
  byChance,
  changeId,
  type Condition,
  type Counter,
  emptyCounter,
  leastFilled,
  moveSlot,
  remembered,
} from './assignment.ts'

const conditions = fc.uniqueArray(
  fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), weight: fc.integer({ min: 1, max: 5 }) }),
  { selector: (c) => c.name, minLength: 1, maxLength: 6 },
)
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const id = (n: number): string => `run_${String(n).padStart(12, '0')}xxxx`
const arrive = (cs: Condition[], seeds: number[], c: Counter = emptyCounter): Counter =>
  seeds.reduce((k, s, i) => assign(k, changeId(id(i), 1), cs, s).counter, c)

describe('assignment', () => {
  it('never lets two conditions of equal weight differ by more than one', () =>
    fc.assert(
      fc.property(conditions, fc.array(seed, { maxLength: 100 }), (cs, seeds) => {
        const equal = cs.map((c) => ({ ...c, weight: 1 }))
        const { load } = arrive(equal, seeds)
        const loads = equal.map((c) => load[c.name] ?? 0)
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
        expect(loads.reduce((n, k) => n + k, 0)).toBe(seeds.length)
      }),
    ))
  it('keeps to the weights exactly after each full round', () =>
    fc.assert(
      fc.property(conditions, fc.integer({ min: 1, max: 4 }), fc.infiniteStream(seed), (cs, rounds, stream) => {
        const total = cs.reduce((n, c) => n + c.weight, 0)
        const { load } = arrive(cs, [...stream.take(total * rounds)])
        for (const weighted of cs) expect(load[weighted.name] ?? 0).toBe(weighted.weight * rounds)
      }),
    ))
  it('counts a change once however often and in whatever order repeats come', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (runs) => {
        const cs = [
          { name: 'a', weight: 1 },
          { name: 'b', weight: 2 },
        ]
        const given = new Map<number, string>()
        let counter = emptyCounter
        for (const n of runs) {
          const assigned = assign(counter, changeId(id(n), 1), cs, n)
          expect(given.get(n) ?? assigned.condition).toBe(assigned.condition)
          given.set(n, assigned.condition)
          counter = assigned.counter
        }
        expect(Object.values(counter.load).reduce((n, k) => n + k, 0)).toBe(given.size)
      }),
    ))
  it('returns a slot once, and fills it next', () =>
    fc.assert(
      fc.property(fc.array(seed, { minLength: 8, maxLength: 40 }), fc.nat(), (seeds, pick) => {
        const cs = ['a', 'b', 'c', 'd'].map((name) => ({ name, weight: 1 }))
        const full = arrive(cs, [...seeds, ...seeds, ...seeds, ...seeds])
        const [, condition] = full.recent[pick % full.recent.length]!
        const freed = moveSlot(moveSlot(full, 'x.2', condition, -1), 'x.2', condition, -1)
        expect(freed.load[condition]).toBe(full.load[condition]! - 1)
        expect(assign(freed, 'y.1', cs, pick).condition).toBe(condition)
      }),
    ))
  it('breaks ties by the seed, reaching every condition, and never chooses weight 0', () => {
    const cs = [
      { name: 'a', weight: 1 },
      { name: 'never', weight: 0 },
      { name: 'b', weight: 1 },
    ]
    expect(new Set(Array.from({ length: 50 }, (_, i) => leastFilled({}, cs, i)))).toEqual(new Set(['a', 'b']))
    expect(new Set(Array.from({ length: 500 }, (_, i) => byChance(cs, i * 7919)))).toEqual(new Set(['a', 'b']))
    expect(() => leastFilled({}, [{ name: 'never', weight: 0 }], 1)).toThrow(RangeError)
  })
  it('by chance follows the weights, by the seed alone', () => {
    const cs = [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 3 },
    ]
    const limit = Math.ceil(100_003 / 4)
    expect([0, limit - 1, limit, 100_002].map((chosen) => byChance(cs, chosen))).toEqual(['a', 'a', 'b', 'b'])
    expect(byChance(cs, 100_003)).toBe('a')
    expect(() => byChance([{ name: 'never', weight: 0 }], 1)).toThrow(RangeError)
  })
  it('remembers as many changes as it says, the newest', () => {
    const cs = [{ name: 'a', weight: 1 }]
    const { recent, load } = arrive(cs, new Array<number>(remembered + 2).fill(0))
    expect(load).toEqual({ a: remembered + 2 })
    expect(recent).toHaveLength(remembered)
    expect(recent[0]).toEqual([changeId(id(2), 1), 'a'])
    expect(recent.at(-1)).toEqual([changeId(id(remembered + 1), 1), 'a'])
  })
  it('names a change by twelve characters of the run and its number', () => {
    expect(changeId('run_abcdefghijklmnop', 3)).toBe('abcdefghijkl.3')
  })
  it('does not let a load fall below nothing', () => {
    expect(moveSlot(emptyCounter, 'x.2', 'a', -1)).toEqual({ load: { a: 0 }, recent: [['x.2', 'a']] })
    expect(moveSlot({ load: { a: 1, b: 4 }, recent: [] }, 'x.2', 'a', 1).load).toEqual({ a: 2, b: 4 })
  })
})

describe('conditions called as members that every object has', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('such as %s are filled like others', (name) => {
    const both = [
      { name, weight: 1 },
      { name: 'plain', weight: 1 },
    ]
    let counter = emptyCounter
    for (let n = 0; n < 6; n++)
      counter = JSON.parse(JSON.stringify(assign(counter, `run.${n}`, both, n).counter)) as Counter
    expect(Object.entries(counter.load).toSorted()).toEqual([[name, 3] as const, ['plain', 3] as const].toSorted())
  })
})
