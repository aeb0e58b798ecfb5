import { inMemory, type Memory } from './memory.ts'

const tailsOf = inMemory(() => new Map<string, Promise<unknown>>())

/**
 * One at a time per key within this process. Between processes conditions of the table decide; this only spares
 * retries. Does `work` once everything begun earlier under this key is over, however that ended. `waited` says whether
 * there was anything: what was read before the turn may be old then.
 */
export async function inTurn<T>(
  deps: { memory: Memory },
  key: string,
  work: (waited: boolean) => Promise<T>,
): Promise<T> {
  const tails = tailsOf(deps)
  const before = tails.get(key)
  const begin = (): Promise<T> => work(before !== undefined)
  const mine = before ? before.then(begin, begin) : begin()
  tails.set(key, mine)
  try {
    return await mine
  } finally {
    if (tails.get(key) === mine) tails.delete(key)
  }
}
