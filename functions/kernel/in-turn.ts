/**
 * One at a time per key within this process. Between processes conditions of the table decide; this only spares
 * retries.
 */
const tails = new Map<string, Promise<unknown>>()

/** Does `work` once everything begun earlier under this key is over, however that ended. */
export async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const before = tails.get(key)
  const mine = before ? before.then(work, work) : work()
  tails.set(key, mine)
  try {
    return await mine
  } finally {
    if (tails.get(key) === mine) tails.delete(key)
  }
}
