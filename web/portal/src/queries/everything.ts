/** All pages of a list. */
export async function everything<T>(
  ask: (after: string | undefined) => Promise<{ items: T[]; next?: string | undefined }>,
): Promise<T[]> {
  const all: T[] = []
  for (let after: string | undefined, first = true; first || after; first = false) {
    const page = await ask(after)
    all.push(...page.items)
    after = page.next
  }
  return all
}
