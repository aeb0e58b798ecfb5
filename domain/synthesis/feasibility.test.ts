import { describe, expect, it } from 'vitest'
import { chooseMethod } from './auto.ts'
import { feasibility } from './feasibility.ts'
import { categorical } from './testing/tables.ts'

describe('nothing is known of the data but what was bought', () => {
  it('auto and the quote see the declaration alone, and say why', () => {
    const domain = categorical([5, 5, 5])
    const quote = feasibility({ domain, rowsDeclared: 10_000, method: 'auto', epsilon: 1, delta: 1e-9 })
    expect(quote.why).not.toBe('')
    expect(quote.refusal).toBeUndefined()
    expect(chooseMethod(domain, 10_000, quote.rho, 1).method).toBe(quote.method)
    expect(chooseMethod(categorical([5]), 10_000, quote.rho, 1).method).toBe('independent')
    expect(chooseMethod(categorical(Array<number>(30).fill(20)), 10, 1000n, 1).method).toBe('independent')
    const worse = feasibility({ domain, rowsDeclared: 500, method: 'aim', epsilon: 0.1, delta: 1e-9 })
    const better = feasibility({ domain, rowsDeclared: 50_000, method: 'aim', epsilon: 3, delta: 1e-9 })
    expect(better.expected.tvd2).toBeLessThan(worse.expected.tvd2)
  })
  it('a quote refuses in words and by column', () => {
    expect(
      feasibility({
        domain: {
          columns: [{ kind: 'categorical', name: 'id', categories: Array.from({ length: 1e6 }, (_, i) => String(i)) }],
        },
        rowsDeclared: 1e6,
        method: 'aim',
        epsilon: 1,
        delta: 1e-9,
      }).refusal,
    ).toMatchObject({ fault: 'too_many_categories', column: 'id' })
    expect(
      feasibility({ domain: categorical([2]), rowsDeclared: 100, method: 'aim', epsilon: 0, delta: 1e-9 }).refusal,
    ).toMatchObject({ fault: 'bad_budget' })
    expect(
      feasibility({ domain: categorical([2]), rowsDeclared: NaN, method: 'aim', epsilon: 1, delta: 1e-9 }).refusal,
    ).toMatchObject({ fault: 'bad_parameter' })
  })
})
