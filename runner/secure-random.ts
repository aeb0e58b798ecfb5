/** Randomness of the system, for noise and draws that nobody may foresee. */
import { randomFillSync } from 'node:crypto'
import { Uniform } from '../domain/privacy/randomness.ts'

/** A source of its own, from the system's secure generator. */
export const secure = (): Uniform =>
  new Uniform((bytes) => {
    randomFillSync(bytes)
  })
