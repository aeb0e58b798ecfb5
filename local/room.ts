/** Whether the system lets this process open as many files as a host needs. */
import { closeSync, openSync } from 'node:fs'
import { Trouble } from './trouble.ts'

/** The stores, a thread each, and some callers at once. */
const needed = 200

/**
 * Throws a `Trouble` when so few files may be open that the host would fail in the middle of starting: each part would
 * say something else then, the store that it is damaged.
 */
export function refuseFewFiles(): void {
  const open: number[] = []
  try {
    while (open.length < needed) open.push(openSync(import.meta.filename, 'r'))
  } catch (e) {
    const { code } = e as NodeJS.ErrnoException
    if (code !== 'EMFILE' && code !== 'ENFILE') throw e
    throw new Trouble(
      `Too few files may be open here (${code}): Cloister needs ${needed}, and got ${open.length}. Allow more (ulimit -n, or LimitNOFILE of its service), then start again; nothing was changed.`,
    )
  } finally {
    for (const one of open) closeSync(one)
  }
}
