/** Trying again after losing a race: the one loop for it. */
import { AlreadyExists, ConditionFailed } from '../../ports/table.ts'
import type { Deps } from './deps.ts'

/** What trying again needs: time to pass, and chance. */
export type Retrying = Pick<Deps, 'pause' | 'random'>

/** Somebody else wrote first: looked at again, the same work may succeed, or find itself done. */
export const lostRace = (e: unknown): boolean => e instanceof ConditionFailed || e instanceof AlreadyExists

/** From 0 up to 1, in steps of 1/256: enough to tell losers of a race apart. */
const fraction = ({ random }: Retrying): number => random(1)[0]! / 256

/** A short wait, longer with every try, that two losers of the same race do not share. */
const breathe = (deps: Retrying, tries: number): Promise<void> =>
  deps.pause(fraction(deps) * Math.min(200, 4 * (tries + 1)))

/** Tries where a few people meet, and where everybody does: an organisation's chain, a study's counter, a link. */
const usualTries = 100
export const contendedTries = 500

/**
 * Does `work` until it succeeds, at most `times` times, with a short wait between two tries. `tries` counts those that
 * failed before: a repeated try reads again what it judges by. Throws the last error when there is no try left, and at
 * once whatever `when` does not name (by default: anything but a lost race).
 */
export async function retrying<T>(
  deps: Retrying,
  work: (tries: number) => Promise<T>,
  { times = usualTries, when = lostRace }: { times?: number; when?: (e: unknown) => boolean } = {},
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work(tries)
    } catch (e) {
      if (!when(e) || tries + 1 >= times) throw e
      await breathe(deps, tries)
    }
  }
}
