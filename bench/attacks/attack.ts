/** What an attack is, and how a leak is recognised. */
import { disguises, people, target } from './cohort.ts'

/** Everything the analyst could see after the attack, over all of its jobs. */
export interface Seen {
  /** Job, problem, findings, result, downloads: all of it as one text. */
  text: string
  /** Released numbers and texts, job by job, in order. */
  numbers: number[][]
  strings: string[][]
  states: string[]
  /** How long each job took, as its owner sees it. */
  seconds: number[]
  /** Connections that arrived at the listener outside. */
  connections: number
}
export interface Attack {
  name: string
  about: string
  language: 'sql' | 'python' | 'r' | 'notebook'
  mode?: 'rules' | 'noise' | 'review'
  /** One job after the other. */
  code: string[]
  cohort?: object[]
  extra?: object
  /** True when the secret came out. The generic signs (`anyToken`) are looked for in every attack as well. */
  leaked: (seen: Seen) => boolean
}

const tokens = people.flatMap((p) => disguises(p.note))
/** A token of anybody's note, in any disguise. */
export const anyToken = (seen: Seen): boolean => tokens.some((t) => seen.text.includes(t))
const all = (seen: Seen): number[] => seen.numbers.flat()

/** A released number that gives the target's value: nearer than the rounding of an honest mean would be by luck. */
export const near =
  (value: number, tolerance = 0.5) =>
  (seen: Seen): boolean =>
    all(seen).some((n) => Math.abs(n - value) < tolerance)
/** The script says by a 1 that it got through. */
export const reached = (seen: Seen): boolean => all(seen).some((n) => n === 1) || seen.connections > 0
export const targetIncome = near(target.income, 40)
export const targetScore = near(target.score, 0.2)
/** Bits in released numbers (`bits` of them) that spell the value, most significant first. */
export const spells =
  (value: number, bits: number) =>
  (seen: Seen): boolean =>
    seen.numbers.some(
      (row) => row.length >= bits && row.slice(0, bits).reduce((sum, n) => sum * 2 + (n >= 0.5 ? 1 : 0), 0) === value,
    )
/** At least `share` of everybody's values can be read from the released numbers. */
export const dump =
  (values: number[], share = 0.2) =>
  (seen: Seen): boolean => {
    const released = new Set(all(seen).map((n) => n.toFixed(2)))
    return (
      new Set(values.map((v) => v.toFixed(2)).filter((v) => released.has(v))).size >=
      share * new Set(values.map((v) => v.toFixed(2))).size
    )
  }
/** The difference of the first numbers of two jobs gives the value. */
export const differs =
  (value: number, tolerance: number) =>
  (seen: Seen): boolean => {
    const firsts = seen.numbers.map((row) => row).filter((row) => row.length > 0)
    return firsts.some((a, i) =>
      firsts.slice(i + 1).some((b) => a.some((x) => b.some((y) => Math.abs(Math.abs(x - y) - value) < tolerance))),
    )
  }
/** Nothing at all may come out. */
export const anything = (seen: Seen): boolean => all(seen).length > 0 || seen.strings.flat().length > 0
export const never = (): boolean => false
