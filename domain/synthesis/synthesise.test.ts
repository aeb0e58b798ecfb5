import { describe, expect, it } from 'vitest'
import { rhoWithin } from '../privacy/accounting.ts'
import { aimSettings } from './settings.ts'
import { type Domain, sizesOf } from './column-domain.ts'
import { count } from './marginals.ts'
import { metrics } from './metrics.ts'
import { type Request, synthesise } from './synthesise.ts'
import { methods, request } from './testing/requests.ts'
import { categorical, fixedUniform, tableOf } from './testing/tables.ts'

describe('what comes out', () => {
  it.each(methods)(
    '%s: close to the data when the budget is large; better than the floor where there is something to find',
    async (method) => {
      const sizes = [4, 4, 3, 30, 2]
      const asked = request(method, sizes, 5000, 8, { budget: rhoWithin(10, 1e-6) })
      const { table, account } = await synthesise(asked)
      const errors = metrics(asked.data, table, sizes)
      expect(errors.tvd1).toBeLessThan(0.02)
      const floor = metrics(asked.data, (await synthesise({ ...asked, method: 'independent' })).table, sizes)
      expect([errors.tvd2 < 0.5 * floor.tvd2, errors.tvd3 < 0.6 * floor.tvd3]).toEqual(
        method === 'independent' ? [false, false] : [true, true],
      )
      expect(Math.abs(account.estimatedRows - 5000)).toBeLessThan(100)
    },
  )
  it.each(methods)('%s: no impossible row, whatever the noise', async (method) => {
    // oxlint-disable-next-line unicorn/no-thenable -- a list of values, nothing that could be awaited
    const domain: Domain = {
      ...categorical([4, 3, 2, 5]),
      rules: [
        { rule: 'impossible', values: { a: ['v0'], b: ['v1', 'v2'] } },
        { rule: 'implied', when: { c: ['v1'] }, then: { d: ['v4'] } },
      ],
    }
    const keep = tableOf(
      Array.from({ length: 400 }, (_, i) => [i % 4, i % 4 === 0 ? 0 : i % 3, i % 2, i % 2 === 1 ? 4 : i % 5]),
      [4, 3, 2, 5],
    )
    for (const budget of [rhoWithin(0.3, 1e-6), rhoWithin(5, 1e-6)]) {
      const { table } = await synthesise(
        request(method, [4, 3, 2, 5], 0, 1, {
          domain,
          data: keep,
          budget,
          rows: 500,
          random: fixedUniform(Number(budget % 1000n)),
        }),
      )
      for (let row = 0; row < table.rows; row++) {
        const [first, second, third, fourth] = table.columns.map((x) => x[row]!)
        expect(first === 0 && second! > 0).toBe(false)
        expect(third === 1 && fourth !== 4).toBe(false)
      }
    }
  })
  it('one-way counts of privsyn do not drift while pairs are brought in', async () => {
    const sizes = Array<number>(9).fill(6)
    const asked = request('privsyn', sizes, 4000, 3, { budget: rhoWithin(3, 1e-6), limits: { modelBytes: 4000 } })
    const errors = metrics(asked.data, (await synthesise(asked)).table, sizes)
    expect(errors.tvd1).toBeLessThan(0.015)
  })
  it.each(['aim', 'privsyn'] as const)('%s: wishes are measured more than anything', async (method) => {
    const sizes = [4, 4, 4, 4, 4, 4]
    const measured = async (workload: Request['workload']): Promise<number> => {
      let times = 0
      for (let seed = 1; seed <= 6; seed++) {
        const { account } = await synthesise(
          request(method, sizes, 2000, 11, {
            budget: rhoWithin(method === 'aim' ? 0.4 : 0.2, 1e-6),
            workload,
            random: fixedUniform(seed),
          }),
        )
        if (account.drawn.some((d) => d.what === 'marginal' && d.columns.includes('a') && d.columns.includes('f')))
          times++
      }
      return times
    }
    expect(await measured([{ columns: ['f', 'a'], weight: 100 }])).toBeGreaterThan(await measured(undefined))
  })
  it('progress tells of every round, and throwing in it ends the job', async () => {
    const seen: number[] = []
    const { account } = await synthesise(
      request('aim', [3, 3, 3], 200, 2, {
        progress: (round) => {
          seen.push(round.round)
          expect(round.spent).toBeLessThanOrEqual(round.budget)
          expect(round.error).toBeGreaterThanOrEqual(0)
        },
      }),
    )
    expect(seen).toEqual(account.rounds.map((r) => r.round))
    expect(account.rounds.at(-1)!.spent).toBe(account.budget)
    await expect(
      synthesise(
        request('aim', [3, 3, 3], 200, 2, {
          progress: () => {
            throw new Error('cancelled')
          },
        }),
      ),
    ).rejects.toThrow('cancelled')
  })
})

describe('odd tables', () => {
  const odd: [string, number[], number][] = [
    ['one column with one value', [1], 50],
    ['one column', [7], 50],
    ['two columns of one value', [1, 1], 5],
    ['10 rows', [3, 3, 3], 10],
    ['no rows', [3, 3], 0],
    ['a column of 5,000 categories', [5000, 2], 200],
  ]
  it.each(odd.flatMap(([what, sizes, rows]) => methods.map((m) => [what, m, sizes, rows] as const)))(
    '%s, %s',
    async (_, method, sizes, rows) => {
      const { table, account } = await synthesise(request(method, sizes, rows, 6, { rows: 30 }))
      expect(table.columns.map((c) => c.length)).toEqual(sizes.map(() => 30))
      expect(account.drawn.reduce((n, d) => n + d.rho, 0n)).toBe(account.budget)
    },
  )
  it.each(['aim', 'privsyn'] as const)('200 columns, %s', async (method) => {
    const before = aimSettings.mostRounds
    aimSettings.mostRounds = 6
    const sizes = Array<number>(200).fill(3)
    const { table } = await synthesise(request(method, sizes, 60, 6, { rows: 60 }))
    aimSettings.mostRounds = before
    expect(table.columns.length).toBe(200)
  })
  it('all missing', async () => {
    const domain: Domain = {
      columns: [
        { kind: 'categorical', name: 'gone', categories: [], missing: true },
        { kind: 'numeric', name: 'x', minimum: 0, maximum: 1, bins: 4, missing: true },
      ],
    }
    const data = tableOf(
      Array.from({ length: 5000 }, () => [0, 4]),
      sizesOf(domain),
    )
    const { table } = await synthesise({
      domain,
      data,
      method: 'aim',
      budget: rhoWithin(10, 1e-6),
      rowsPerPerson: 1,
      random: fixedUniform(1),
      rows: 100,
    })
    expect(count(table, [1], [1, 5])[4]).toBeGreaterThan(95)
  })
})

describe('nothing is known of the data but what was bought', () => {
  it('the number of rows is noisy, and its default for the synthetic table too', async () => {
    const rows = new Set<number>()
    for (let seed = 0; seed < 8; seed++) {
      const { account, table } = await synthesise(
        request('independent', [2, 2], 100, 1, { budget: 1_000_000n, random: fixedUniform(seed) }),
      )
      rows.add(account.estimatedRows)
      expect(table.rows).toBe(account.estimatedRows)
    }
    expect(rows.size).toBeGreaterThan(4)
  })
  it('values that nobody has still appear, and static columns are not found out', async () => {
    const sizes = [2, 10]
    const data = tableOf(
      Array.from({ length: 30 }, () => [0, 0]),
      sizes,
    )
    const seen = new Set<number>()
    for (let seed = 1; seed <= 10; seed++) {
      const { table } = await synthesise({
        domain: categorical(sizes),
        data,
        method: 'independent',
        budget: rhoWithin(0.1, 1e-6),
        rowsPerPerson: 1,
        random: fixedUniform(seed),
        rows: 50,
      })
      for (const code of table.columns[1]!) seen.add(code)
    }
    expect(seen.size).toBeGreaterThan(2)
  })
})
