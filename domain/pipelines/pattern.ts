/**
 * Patterns that people write, of which a pipeline's parameters may have one each. They are matched by RE2's algorithm,
 * whose time grows with the length of the text alone: JavaScript's own engine can be kept busy for years by twenty
 * characters, on the server as in the browser of whoever fills in the form.
 */
import { RE2JS } from 're2js'

const longestPattern = 200
/** What `{n,m}` may add up to: each is written out so many times. More than a value with a pattern has characters. */
const mostRepetitions = 200

/** The largest number of each `{n}`, `{n,}` and `{n,m}`. */
const countsIn = (pattern: string): number[] =>
  [...pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g)].map(([, least, most]) => Number(most || least))

/** What is wrong with a pattern, or undefined for one that may be used. */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `Longer than ${longestPattern} characters`
  try {
    new RegExp(pattern, 'u')
  } catch {
    return 'Not a regular expression'
  }
  if (/\)\{/.test(pattern)) return 'A group may be repeated by *, + or ?, not a number of times'
  if (countsIn(pattern).reduce((sum, count) => sum + count, 0) > mostRepetitions)
    return `Numbers of repetitions that add up to more than ${mostRepetitions}`
  try {
    compiled(pattern)
  } catch {
    return 'References and looking around are not taken'
  }
  return undefined
}

const compiled = (pattern: string): RE2JS => RE2JS.compile(RE2JS.translateRegExp(pattern))

/** Whether a text has a part that fits. No text fits a pattern that is none. */
export function fitsPattern(pattern: string, text: string): boolean {
  try {
    return compiled(pattern).test(text)
  } catch {
    return false
  }
}
