/** Draws from the distributions that the demo's data follow. */
import { chance, type Chance } from '../../domain/studies/chance.ts'

export interface Drawing {
  /** Normal with mean and standard deviation (Box-Muller). */
  normal(mean: number, deviation: number): number
  /** Whether something of this probability happens. */
  happens(probability: number): boolean
  /** One of the things, with weights. */
  one<T>(weighted: readonly (readonly [T, number])[]): T
  uniform(from: number, to: number): number
  chance: Chance
}

/** The same name gives the same draws on every machine. */
export function drawing(name: string): Drawing {
  const random = chance(2026, name)
  const next = (): number => random.next()
  return {
    chance: random,
    normal: (mean, deviation) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    happens: (p) => next() < p,
    one: (weighted) => {
      let left = next() * weighted.reduce((s, [, w]) => s + w, 0)
      return (weighted.find(([, w]) => (left -= w) < 0) ?? weighted.at(-1)!)[0]
    },
    uniform: (from, to) => from + next() * (to - from),
  }
}

export const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v))
/** Rounded to so many decimals. */
export const to = (v: number, decimals: number): number => Math.round(v * 10 ** decimals) / 10 ** decimals
/** `PD-007`. */
export const numbered = (prefix: string, n: number, digits = 3): string => `${prefix}${String(n).padStart(digits, '0')}`
