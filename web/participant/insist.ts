/** A request that the participant cannot go on without. */
import { Unreachable } from './api.ts'
import { show } from './page.ts'
import { say } from './texts/index.ts'

/**
 * Asks until there is an answer, with a page that says so between two tries. Rejects as soon as `ask` does with
 * anything else than `Unreachable`.
 */
export async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (e) {
      if (!(e instanceof Unreachable)) throw e
    }
    await new Promise<void>((resolve) => {
      const again = (): void => {
        clearTimeout(timer)
        removeEventListener('online', again)
        resolve()
      }
      const timer = setTimeout(again, Math.min(10_000, 500 * 2 ** tries) * (0.5 + Math.random() / 2))
      addEventListener('online', again)
      show({
        state: 'unreachable',
        tone: 'warn',
        title: say('unreachableTitle'),
        sentence: say('unreachable'),
        progress: 'busy',
        button: { label: say('retryNow'), act: again },
      })
    })
  }
}
