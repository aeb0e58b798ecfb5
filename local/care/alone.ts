/** Work that needs a home for itself. */
import { HomeLocked, lockHome } from '../home-lock.ts'
import { Misused } from './program.ts'

/** Does what needs the home for itself. */
export async function alone<T>(home: string, work: () => Promise<T>): Promise<T> {
  const unlock = await lockHome(home).catch((error: unknown) => {
    if (!(error instanceof HomeLocked)) throw error
    throw new Misused('A host runs in this home: stop it first. Looking alone is possible meanwhile.')
  })
  try {
    return await work()
  } finally {
    unlock()
  }
}
