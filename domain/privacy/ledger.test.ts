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
  stored,
} from './ledger.ts'

/** One item with conditional updates, as the table port has it. */
class Item {
  item: Record<string, number>
  constructor(item: Record<string, number>) {
    this.item = item
  }
  update(change: LedgerChange): boolean {
    const holds = change.when.every((condition) => {
      const held = this.item[condition.attribute]
      return condition.is === 'missing'
        ? held === undefined
        : held !== undefined && (condition.is === 'equal' ? held === condition.value : held >= condition.value)
    })
    if (!holds) return false
    for (const [attribute, amount] of Object.entries(change.set ?? {})) this.item[attribute] = amount
    for (const [attribute, amount] of Object.entries(change.add ?? {}))
      this.item[attribute] = (this.item[attribute] ?? 0) + amount
    for (const attribute of change.remove ?? []) delete this.item[attribute]
    return true
  }
  held(): number {
    return Object.entries(this.item)
      .filter(([k]) => k.startsWith('hold_'))
      .reduce((s, [, v]) => s + v, 0)
  }
}
function expectSound(budget: Item): void {
  expect(budget.item['limit']).toBe(budget.item['available']! + budget.item['spent']! + budget.held())
  expect(budget.item['available']).toBeGreaterThanOrEqual(0)
}
const of = (limit: number): Item => new Item({ limit, available: limit, spent: 0 })

describe('the ledger', () => {
  it('opens with what (epsilon, delta) come to', () => {
    const opened = opening({ epsilon: 10, delta: 1e-6 })
    expect(opened).toEqual({ limit: opened.available, available: opened.available, spent: 0 })
    expect(epsilonOf(BigInt(opened.limit), 1e-6)).toBeLessThanOrEqual(10)
    expect(epsilonLeft(opened, 1e-6)).toBeCloseTo(10, 3)
    expect(opening({ epsilon: 0, delta: 1e-6 }).limit).toBe(0)
    expect(epsilonLeft({ available: 0 }, 1e-6)).toBe(0)
  })
  it('200 racing charges of 1 for a budget of 100 leave exactly 100', () => {
    const budget = of(100)
    const granted = Array.from({ length: 200 }, (_, i) => budget.update(reserve(`job_${(i * 77) % 200}`, 1))).filter(
      Boolean,
    )
    expect(granted).toHaveLength(100)
    expectSound(budget)
    expect(budget.item['available']).toBe(0)
  })
  it('refuses charges that are none', () => {
    for (const charge of [0, -1, 1.5, NaN, 2 ** 60]) expect(() => reserve('j', charge)).toThrow(RangeError)
  })
  it('moves the limit, never under what is spent and reserved', () => {
    const budget = of(100)
    budget.update(reserve('a', 60))
    expect(budget.update(moveLimit(100, 50))).toBe(false)
    expect(budget.update(moveLimit(100, 60))).toBe(true)
    expect(budget.update(moveLimit(100, 500))).toBe(false)
    expect(budget.update(moveLimit(60, 200))).toBe(true)
    expectSound(budget)
    expect(budget.item).toMatchObject({ limit: 200, available: 140 })
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
          const budget = of(100)
          const decided = new Map<number, 'commit' | 'give-back'>()
          const granted = new Set<number>()
          const grantedTwice: number[] = []
          const over = new Set<number>()
          const settle = (index: number): boolean => {
            const decision = decided.get(index)
            return (
              decision !== undefined &&
              budget.update(
                decision === 'commit' ? commit(`${index}`, charges[index]!) : giveBack(`${index}`, charges[index]!),
              )
            )
          }
          for (const { job: index, act } of steps) {
            if (act === 'reserve') {
              if (!over.has(index) && budget.update(reserve(`${index}`, charges[index]!))) {
                if (granted.has(index)) grantedTwice.push(index)
                granted.add(index)
              }
            } else if (act === 'raise') budget.update(moveLimit(budget.item['limit']!, budget.item['limit']! + 10))
            else if (act === 'lower')
              budget.update(moveLimit(budget.item['limit']!, Math.max(0, budget.item['limit']! - 10)))
            else if (act === 'forget') {
              if (reservationOf(budget.item, `${index}`) === 'settled') over.add(index)
              budget.update(forget(`${index}`))
            } else {
              if (act !== 'settle-again' && !decided.has(index) && granted.has(index)) decided.set(index, act)
              settle(index)
            }
            expectSound(budget)
          }
          expect(grantedTwice).toEqual([])
          for (const j of decided.keys()) settle(j)
          expectSound(budget)
          expect(budget.item['spent']).toBe(
            [...granted].filter((j) => decided.get(j) === 'commit').reduce((s, j) => s + charges[j]!, 0),
          )
          expect(budget.held()).toBe([...granted].filter((j) => !decided.has(j)).reduce((s, j) => s + charges[j]!, 0))
        },
      ),
      { numRuns: 300 },
    ))
  it('a reservation that comes again after the job was settled finds it taken', () => {
    const budget = of(100)
    expect(budget.update(reserve('a', 30))).toBe(true)
    expect(budget.update(commit('a', 30))).toBe(true)
    expect(budget.update(reserve('a', 30))).toBe(false)
    expect(budget.update(giveBack('a', 30))).toBe(false)
    expect([reservationOf(budget.item, 'a'), reservationOf(budget.item, 'b')]).toEqual(['settled', 'none'])
    expect(budget.update(forget('a'))).toBe(true)
    expect(holdOf('a') in budget.item).toBe(false)
    expect(budget.item).toEqual({ limit: 100, available: 70, spent: 30 })
  })
  it('keeps charges that are exact, and no others', () => {
    expect([stored(0n), stored(1n), stored(2n ** 53n - 1n)]).toEqual([0, 1, Number.MAX_SAFE_INTEGER])
    expect(() => stored(-1n)).toThrow('a charge must be between 0 and 2^53 - 1 nano-rho')
    expect(() => stored(2n ** 53n)).toThrow('a charge must be between 0 and 2^53 - 1 nano-rho')
  })
  it('a reservation stands until it is settled', () => {
    const budget = of(100)
    budget.update(reserve('a', 30))
    expect(reservationOf(budget.item, 'a')).toBe('reserved')
    budget.update(giveBack('a', 30))
    expect(reservationOf(budget.item, 'a')).toBe('settled')
    expect(budget.item).toMatchObject({ limit: 100, available: 100, spent: 0 })
  })
  it('nothing is left of what is overdrawn', () => expect(epsilonLeft({ available: -5 }, 1e-6)).toBe(0))
})
