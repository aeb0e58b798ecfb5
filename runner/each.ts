/** Runs `work` on each item, `at` at a time. */
export async function each<T>(
  items: readonly T[],
  at: number,
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  const waiting = [...items]
  await Promise.all(
    Array.from({ length: Math.min(at, waiting.length) }, async (_, lane) => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item, lane)
    }),
  )
}
