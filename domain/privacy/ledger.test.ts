import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { epsilonOf } from './accounting.ts'
import {
  commit,
  epsilonLeft,
  forget,
  giveBack,
  holdOf,
  type LedgerChange,
  moveLimit,
  opening,
  reserve,
  reservationOf,
} from './ledger.ts'

/** One item with conditional updates, as the table port has it. */
class Item {
  item: Record<string, number>
  constructor(item: Record<string, number>) {
    this.item = item
  }
  update(c: LedgerChange): boolean {
    const holds = c.when.every((w) => {
      const v = this.item[w.attribute]
      return w.is === 'missing' ? v === undefined : v !== undefined && (w.is === 'equal' ? v === w.value : v >= w.value)
    })
    if (!holds) return false
    for (const [k, v] of Object.entries(c.set ?? {})) this.item[k] = v
    for (const [k, v] of Object.entries(c.add ?? {})) this.item[k] = (this.item[k] ?? 0) + v
    for (const k of c.remove ?? []) delete this.item[k]
    return true
  }
  held(): number {
    return Object.entries(this.item)
      .filter(([k]) => k.startsWith('hold_'))
      .reduce((s, [, v]) => s + v, 0)
  }
}
function expectSound(b: Item): void {
  expect(b.item['limit']).toBe(b.item['available']! + b.item['spent']! + b.held())
  expect(b.item['available']).toBeGreaterThanOrEqual(0)
}
const of = (limit: number): Item => new Item({ limit, available: limit, spent: 0 })

describe('the ledger', () => {
  it('opens with what (epsilon, delta) come to', () => {
    const o = opening({ epsilon: 10, delta: 1e-6 })
    expect(o).toEqual({ limit: o.available, available: o.available, spent: 0 })
    expect(epsilonOf(BigInt(o.limit), 1e-6)).toBeLessThanOrEqual(10)
    expect(epsilonLeft(o, 1e-6)).toBeCloseTo(10, 3)
    expect(opening({ epsilon: 0, delta: 1e-6 }).limit).toBe(0)
    expect(epsilonLeft({ available: 0 }, 1e-6)).toBe(0)
  })
  it('200 racing charges of 1 for a budget of 100 leave exactly 100', () => {
    const b = of(100)
    const granted = Array.from({ length: 200 }, (_, i) => b.update(reserve(`job_${(i * 77) % 200}`, 1))).filter(Boolean)
    expect(granted).toHaveLength(100)
    expectSound(b)
    expect(b.item['available']).toBe(0)
  })
  it('refuses charges that are none', () => {
    for (const x of [0, -1, 1.5, NaN, 2 ** 60]) expect(() => reserve('j', x)).toThrow(RangeError)
  })
  it('moves the limit, never under what is spent and reserved', () => {
    const b = of(100)
    b.update(reserve('a', 60))
    expect(b.update(moveLimit(100, 50))).toBe(false)
    expect(b.update(moveLimit(100, 60))).toBe(true)
    expect(b.update(moveLimit(100, 500))).toBe(false)
    expect(b.update(moveLimit(60, 200))).toBe(true)
    expectSound(b)
    expect(b.item).toMatchObject({ limit: 200, available: 140 })
  })

  // Steps of jobs in any order, any of them repeated, delayed or lost; `decided` is the job's item, where the first
  // decision stands.
  const step = fc.record({
    job: fc.integer({ min: 0, max: 5 }),
    act: fc.constantFrom('reserve', 'commit', 'give-back', 'settle-again', 'forget', 'raise', 'lower'),
  })
  it('never passes the limit, loses or doubles, whatever the order of steps, retries and crashes', () =>
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 6, maxLength: 6 }),
        (steps, charges) => {
          const b = of(100)
          const decided = new Map<number, 'commit' | 'give-back'>()
          const granted = new Set<number>()
          const grantedTwice: number[] = []
          const over = new Set<number>()
          const settle = (j: number): boolean => {
            const d = decided.get(j)
            return (
              d !== undefined && b.update(d === 'commit' ? commit(`${j}`, charges[j]!) : giveBack(`${j}`, charges[j]!))
            )
          }
          for (const { job: j, act } of steps) {
            if (act === 'reserve') {
              if (!over.has(j) && b.update(reserve(`${j}`, charges[j]!))) {
                if (granted.has(j)) grantedTwice.push(j)
                granted.add(j)
              }
            } else if (act === 'raise') b.update(moveLimit(b.item['limit']!, b.item['limit']! + 10))
            else if (act === 'lower') b.update(moveLimit(b.item['limit']!, Math.max(0, b.item['limit']! - 10)))
            else if (act === 'forget') {
              if (reservationOf(b.item, `${j}`) === 'settled') over.add(j)
              b.update(forget(`${j}`))
            } else {
              if (act !== 'settle-again' && !decided.has(j) && granted.has(j)) decided.set(j, act)
              settle(j)
            }
            expectSound(b)
          }
          expect(grantedTwice).toEqual([])
          for (const j of decided.keys()) settle(j)
          expectSound(b)
          expect(b.item['spent']).toBe(
            [...granted].filter((j) => decided.get(j) === 'commit').reduce((s, j) => s + charges[j]!, 0),
          )
          expect(b.held()).toBe([...granted].filter((j) => !decided.has(j)).reduce((s, j) => s + charges[j]!, 0))
        },
      ),
      { numRuns: 300 },
    ))
  it('a reservation that comes again after the job was settled finds it taken', () => {
    const b = of(100)
    expect(b.update(reserve('a', 30))).toBe(true)
    expect(b.update(commit('a', 30))).toBe(true)
    expect(b.update(reserve('a', 30))).toBe(false)
    expect(b.update(giveBack('a', 30))).toBe(false)
    expect([reservationOf(b.item, 'a'), reservationOf(b.item, 'b')]).toEqual(['settled', 'none'])
    expect(b.update(forget('a'))).toBe(true)
    expect(holdOf('a') in b.item).toBe(false)
    expect(b.item).toEqual({ limit: 100, available: 70, spent: 30 })
  })
})
