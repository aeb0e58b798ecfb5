import type { Deps } from './deps.ts'

/** Time as it passes: the pause of every host. A simulated one has its own. */
export const realPause: Deps['pause'] = (milliseconds, ended) =>
  new Promise((resolve) => {
    if (ended?.aborted) return resolve()
    const timer = setTimeout(over, milliseconds)
    function over(): void {
      clearTimeout(timer)
      ended?.removeEventListener('abort', over)
      resolve()
    }
    ended?.addEventListener('abort', over, { once: true })
  })
