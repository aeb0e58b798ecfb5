import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nano, rhoWithin } from '../privacy/accounting.ts'
import { aimSettings } from './aim.ts'
import type { Method } from './auto.ts'
import { chooseMethod } from './auto.ts'
import type { Domain } from './column-domain.ts'
import { sizesOf } from './column-domain.ts'
import { SynthesisError } from './errors.ts'
import { feasibility } from './feasibility.ts'
import type { Checkpoint } from './journal.ts'
import { count, subsets } from './marginals.ts'
import { metrics } from './metrics.ts'
import { divide, share } from './shares.ts'
import { type Request, synthesise } from './synthesise.ts'
import { categorical, chainTable, fixedUniform, tableOf } from './testing.ts'

const methods: Method[] = ['aim', 'mst', 'privsyn', 'independent']
const request = (
  method: Method | 'auto',
  sizes: readonly number[],
  rows: number,
  seed: number,
  more: Partial<Request> = {},
): Request => ({
  domain: categorical(sizes),
  data: chainTable(rows, sizes, seed),
  method,
  budget: rhoWithin(1, 1e-9),
  rowsPerPerson: 1,
  random: fixedUniform(seed + 99),
  ...more,
})
const refusal = async (asked: Request): Promise<SynthesisError> => {
  try {
    await synthesise(asked)
  } catch (e) {
    if (e instanceof SynthesisError) return e
    throw e
  }
  throw new Error('no refusal')
}

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
  it('shares sum to the whole', () =>
    fc.assert(
      fc.property(
        fc.bigInt(100n, 10n * nano),
        fc.array(fc.double({ min: 0.001, max: 1000, noNaN: true }), { minLength: 1, maxLength: 60 }),
        (rho, weights) => {
          const parts = divide(rho, weights)
          expect(parts.reduce((a, b) => a + b, 0n)).toBe(rho)
          expect(parts.every((p) => p >= 1n)).toBe(true)
          expect(share(rho, 0.5)).toBeLessThanOrEqual(rho)
        },
      ),
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

describe('resume', () => {
  it.each(methods)(
    '%s: a job that is cut off anywhere goes on with the answers it has, and neither pays nor looks twice',
    async (method) => {
      const sizes = [3, 4, 2, 5]
      const whole: Checkpoint[] = []
      const first = await synthesise(
        request(method, sizes, 300, 4, {
          checkpoint: (checkpoint) => {
            whole.push(structuredClone(checkpoint))
          },
        }),
      )
      const all = whole.at(-1)!.entries
      for (const cut of [0, 1, Math.floor(whole.length / 2), whole.length - 2, whole.length - 1]) {
        if (cut < 0) continue
        const kept = JSON.parse(JSON.stringify(whole[cut]!)) as Checkpoint
        let fresh = 0
        const again = await synthesise(
          request(method, sizes, 300, 4, {
            random: fixedUniform(777),
            resume: kept,
            checkpoint: () => {
              fresh++
            },
          }),
        )
        expect(again.account.drawn.reduce((n, d) => n + d.rho, 0n)).toBe(first.account.budget)
        expect(again.account.drawn.slice(0, cut + 1).map((d) => [d.what, d.columns, d.rho, d.sigma])).toEqual(
          first.account.drawn.slice(0, cut + 1).map((d) => [d.what, d.columns, d.rho, d.sigma]),
        )
        expect(fresh).toBe(again.account.drawn.length - cut - 1)
      }
      // With everything paid for, the data is not needed: other data changes nothing that was answered.
      const other = await synthesise(
        request(method, sizes, 300, 4, {
          data: chainTable(50, sizes, 5),
          random: fixedUniform(778),
          resume: whole.at(-1)!,
        }),
      )
      expect(other.account.drawn).toEqual(first.account.drawn)
      expect(other.account.estimatedRows).toBe(first.account.estimatedRows)
      expect(all.length).toBe(first.account.drawn.length)
    },
  )
  it('what was drawn is kept before the next draw; a keeper that fails ends the job', async () => {
    let draws = 0
    await expect(
      synthesise(
        request('mst', [3, 3], 100, 1, {
          checkpoint: async () => {
            await Promise.resolve()
            if (++draws === 3) throw new Error('disk full')
          },
        }),
      ),
    ).rejects.toThrow('disk full')
    expect(draws).toBe(3)
  })
  it('a checkpoint of another job is refused', async () => {
    let kept: Checkpoint | undefined
    await synthesise(
      request('mst', [3, 3], 100, 1, {
        checkpoint: (checkpoint) => {
          kept = checkpoint
        },
      }),
    )
    expect((await refusal(request('mst', [3, 3], 100, 1, { resume: kept!, budget: rhoWithin(2, 1e-9) }))).fault).toBe(
      'wrong_checkpoint',
    )
    expect((await refusal(request('aim', [3, 3], 100, 1, { resume: kept! }))).fault).toBe('wrong_checkpoint')
    expect(
      (await refusal(request('mst', [3, 3], 100, 1, { resume: { ...kept!, entries: kept!.entries.toReversed() } })))
        .fault,
    ).toBe('wrong_checkpoint')
  })
})

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
