/** `work` on every item, at most `width` at a time, answers in order. The first error stops nothing that has begun. */
export async function each<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  width = 24,
): Promise<R[]> {
  const out = new Array<R>(items.length)
  let next = 0
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      while (next < items.length) {
        const index = next++
        out[index] = await work(items[index]!, index)
      }
    }),
  )
  return out
}
