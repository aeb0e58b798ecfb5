/** How much of the life cycles histories walk. */
import { lives } from './laws.ts'

/** Every state and transition of every life cycle, in the words of an outcome's `seen`. */
export const everyStep: readonly string[] = Object.entries(lives).flatMap(([entity, { life }]) =>
  Object.entries(life).flatMap(([state, { to }]) => [
    `${entity} ${state}`,
    ...to.map((next) => `${entity} ${state} → ${next}`),
  ]),
)

/** Those that no history has walked. */
export const missed = (seen: ReadonlySet<string>): string[] => everyStep.filter((step) => !seen.has(step))
