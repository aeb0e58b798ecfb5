/** What is drawn is what is charged, whatever the request. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nano } from '../privacy/accounting.ts'
import type { Method } from './auto.ts'
import { subsets } from './marginals.ts'
import { synthesise } from './synthesise.ts'
import { methods, refusal, request } from './testing/requests.ts'
import { tableOf } from './testing/tables.ts'

describe('the charge', () => {
  const jobs = fc.record({
    method: fc.constantFrom(...methods),
    sizes: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
    rows: fc.integer({ min: 1, max: 60 }),
    budget: fc.bigInt(1000n, 5n * nano),
    rowsPerPerson: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  it('is the sum of what was drawn, to the nano; every noise is as wide as its price and the rows of a person ask for', () =>
    fc.assert(
      fc.asyncProperty(jobs, async ({ method, sizes, rows, budget, rowsPerPerson, seed }) => {
        const { account, table } = await synthesise(
          request(method, sizes, rows, seed, { budget, rowsPerPerson, rows: 20 }),
        )
        expect(account.drawn.reduce((n, d) => n + d.rho, 0n)).toBe(budget)
        expect(account.budget).toBe(budget)
        for (const draw of account.drawn) {
          expect(draw.rho > 0n).toBe(draw.kind !== 'note')
          expect(draw.rho).toBeGreaterThanOrEqual(0n)
        }
        for (const { sigma, what, rho } of account.drawn.filter((d) => d.sigma !== undefined)) {
          // The distances of privsyn are one vector on a grid: sensitivity 16 sqrt(pairs) for each row.
          const sensitivity =
            rowsPerPerson *
            (what === 'distances from independence' ? Math.ceil(16 * Math.sqrt(subsets(sizes.length, 2).length)) : 1)
          const cost = (sensitivity * sensitivity) / (2 * sigma! * sigma!)
          expect(cost).toBeLessThanOrEqual((Number(rho) / 1e9) * (1 + 1e-9))
          expect(cost).toBeGreaterThan((Number(rho) / 1e9) * 0.97)
        }
        expect(table.rows).toBe(20)
      }),
      { numRuns: 60 },
    ))
  it('nothing is drawn when the request is refused', async () => {
    let drawn = 0
    const more = {
      checkpoint: (): void => {
        drawn++
      },
    }
    expect((await refusal(request('aim', [2, 2], 10, 1, { ...more, budget: 0n }))).fault).toBe('bad_budget')
    expect((await refusal(request('aim', [2, 2], 10, 1, { ...more, budget: 100n }))).fault).toBe('bad_budget')
    expect((await refusal(request('aim', [2, 2], 10, 1, { ...more, rowsPerPerson: 0 }))).fault).toBe('bad_parameter')
    expect(
      (await refusal(request('aim', [2, 2], 10, 1, { ...more, workload: [{ columns: ['z'], weight: 2 }] }))).column,
    ).toBe('z')
    expect((await refusal(request('aim', [2, 2], 10, 1, { ...more, rows: -1 }))).fault).toBe('bad_parameter')
    expect((await refusal(request('none' as Method, [2, 2], 10, 1, more))).fault).toBe('bad_parameter')
    expect((await refusal(request('aim', [2, 2], 10, 1, { ...more, data: tableOf([[0, 5]], [2, 6]) }))).column).toBe(
      'b',
    )
    expect(drawn).toBe(0)
  })
})
