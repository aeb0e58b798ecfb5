/** Items whose time has come: nobody sees them, and their keys are free. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AlreadyExists, ConditionFailed } from '../../ports/table.ts'
import { goneAfter, withoutGone } from './gone.ts'
import { keyOf } from './items.ts'
import { type Harness, harness } from './testing.ts'

let on: Harness
beforeAll(async () => {
  on = await harness()
})
afterAll(() => on.close())
const table = () => withoutGone(on.deps)
const place = { gpk: 'ORG#gone', gsk: 'INVITE#1' }
const end = () => goneAfter(new Date(on.clock.now().getTime() + 60_000).toISOString(), 0)

describe('an item with an end', () => {
  it('is there until its second, and then for no reader', async () => {
    const key = keyOf.invitation('a')
    await table().create({ ...key, ...place, ...end(), word: 'here' })
    const read = async () => [
      (await table().get<{ word: string }>(key, ['word']))?.word,
      (await table().query(key.pk, { attributes: ['word'] })).items.length,
      (await table().query(place.gpk, { index: true })).items.length,
    ]
    expect(await read()).toEqual(['here', 1, 1])
    on.clock.advance(60)
    expect(await read()).toEqual([undefined, 0, 0])
    expect(await on.deps.table.get(key)).toBeDefined()
  })
  it('gives its key to the next, once', async () => {
    const key = keyOf.device('BCDF-GHJK')
    await table().create({ ...key, ...end(), by: 'first' })
    await expect(table().create({ ...key, ...end(), by: 'early' })).rejects.toThrow(AlreadyExists)
    on.clock.advance(60)
    const tries = await Promise.allSettled(['one', 'two'].map((by) => table().create({ ...key, ...end(), by })))
    const failed = tries.filter((t) => t.status === 'rejected')
    expect(failed).toHaveLength(1)
    expect([AlreadyExists, ConditionFailed].some((kind) => failed[0]!.reason instanceof kind)).toBe(true)
    expect(await table().get(key)).toBeDefined()
  })
  it('ends days after it was of use, in whole seconds', () => {
    expect(goneAfter('1970-01-01T00:00:01.500Z', 1)).toEqual({ goneAt: 2 + 86_400 })
  })
})
