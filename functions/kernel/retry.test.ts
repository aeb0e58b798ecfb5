import { describe, expect, it } from 'vitest'
import { AlreadyExists, ConditionFailed } from '../../ports/table.ts'
import { retrying } from './retry.ts'

const deps = { pause: async () => {}, random: (bytes: number) => new Uint8Array(bytes) }

/** Fails so often with these errors, then answers how often it was called. */
function failing(...errors: Error[]) {
  const calls: number[] = []
  return {
    calls,
    work: async (tries: number): Promise<number> => {
      calls.push(tries)
      const error = errors.shift()
      if (error) throw error
      return calls.length
    },
  }
}

describe('trying again', () => {
  it('goes on after a lost race, and says how often it was lost', async () => {
    const { work, calls } = failing(new ConditionFailed(), new AlreadyExists())
    expect(await retrying(deps, work)).toBe(3)
    expect(calls).toEqual([0, 1, 2])
  })

  it('throws anything else at once', async () => {
    const { work, calls } = failing(new Error('broken'))
    await expect(retrying(deps, work)).rejects.toThrow('broken')
    expect(calls).toHaveLength(1)
  })

  it('gives up after so many tries, with the last error', async () => {
    const { work, calls } = failing(new AlreadyExists('a'), new AlreadyExists('b'), new AlreadyExists('c'))
    await expect(retrying(deps, work, { times: 2 })).rejects.toThrow('b')
    expect(calls).toHaveLength(2)
  })

  it('waits for what it is told to wait for, and nothing else', async () => {
    const { work } = failing(new RangeError())
    expect(await retrying(deps, work, { when: (e) => e instanceof RangeError })).toBe(2)
    await expect(retrying(deps, failing(new ConditionFailed()).work, { when: () => false })).rejects.toThrow(
      ConditionFailed,
    )
  })
})
