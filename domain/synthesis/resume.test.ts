/** A job that is cut off goes on from its checkpoint. */
import { describe, expect, it } from 'vitest'
import { rhoWithin } from '../privacy/accounting.ts'
import type { Checkpoint } from './journal.ts'
import { synthesise } from './synthesise.ts'
import { methods, refusal, request } from './testing/requests.ts'
import { chainTable, fixedUniform } from './testing/tables.ts'

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
