/** Trying again after losing a race: the one loop for it. */
import { AlreadyExists, ConditionFailed } from '../../ports/table.ts'

/** Somebody else wrote first: looked at again, the same work may succeed, or find itself done. */
export const lostRace = (e: unknown): boolean => e instanceof ConditionFailed || e instanceof AlreadyExists

/** A short wait, longer with every try, that two losers of the same race do not share. */
export const pause = (tries: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, Math.random() * Math.min(200, 4 * (tries + 1)))
  })

/**
 * Does `work` until it succeeds, at most `times` times, with a short wait between two tries. `tries` counts those that
 * failed before. Throws the last error when there is no try left, and at once whatever `when` does not name (by
 * default: anything but a lost race).
 */
export async function retrying<T>(
  { times, when = lostRace }: { times: number; when?: (e: unknown) => boolean },
  work: (tries: number) => Promise<T>,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work(tries)
    } catch (e) {
      if (!when(e) || tries + 1 >= times) throw e
      await pause(tries)
    }
  }
}
