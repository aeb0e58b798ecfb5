/**
 * Declared comparisons: what a conditional or a loop asks of the condition, the link's parameters and the data so far.
 */
import { isObject } from './configuration-errors.ts'

export const operators = [
  'equal',
  'different',
  'less',
  'at-most',
  'more',
  'at-least',
  'one-of',
  'contains',
  'present',
  'missing',
] as const
export type Operator = (typeof operators)[number]
export const takes = ['last', 'first', 'count', 'sum', 'mean', 'median', 'minimum', 'maximum'] as const
export type Take = (typeof takes)[number]

export type Test =
  | { all: Test[] }
  | { any: Test[] }
  | { not: Test }
  | { condition: string | string[] }
  | { parameter: string; is?: Operator; value?: unknown }
  | { variable: string; is?: Operator; value?: unknown }
  | { data: string; take?: Take; where?: Record<string, unknown>; last?: number; is?: Operator; value?: unknown }

export interface Known {
  condition: string
  parameters: Readonly<Record<string, string>>
  variables: Readonly<Record<string, unknown>>
  /** Data of the trials that the test may see, in order. */
  data: readonly Record<string, unknown>[]
}

/** The member at a dotted path, e.g. `response.age`; undefined where there is none. Own members only. */
export const at = (value: unknown, path: string): unknown => path.split('.').reduce(ownMember, value)

function ownMember(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return undefined
  return (holder as Record<string, unknown>)[name]
}

/**
 * Whether two values are equal as a person would say: keys and answers regardless of upper and lower case, a number in
 * text as that number, structures member by member.
 */
export function same(one: unknown, other: unknown): boolean {
  if (typeof one === 'string' && typeof other === 'string') return one.toLowerCase() === other.toLowerCase()
  if (typeof one === 'number' && typeof other === 'string') return other.trim() !== '' && one === Number(other)
  if (typeof one === 'string' && typeof other === 'number') return same(other, one)
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((element, index) => same(element, other[index]))
  if (isObject(one) && isObject(other)) {
    const keys = Object.keys(one)
    return (
      keys.length === Object.keys(other).length &&
      keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
    )
  }
  return one === other
}

/** A value as a number; NaN for what is none. */
function number(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

/** Whether a list has such an element, or a text has such a part, regardless of upper and lower case. */
function contains(found: unknown, value: unknown): boolean {
  if (Array.isArray(found)) return found.some((element) => same(element, value))
  return typeof found === 'string' && typeof value === 'string' && found.toLowerCase().includes(value.toLowerCase())
}

function compare(found: unknown, is: Operator, value: unknown): boolean {
  const given = found !== undefined && found !== null && found !== ''
  switch (is) {
    case 'present':
      return given
    case 'missing':
      return !given
    case 'equal':
      return same(found, value)
    case 'different':
      return !same(found, value)
    case 'one-of':
      return Array.isArray(value) && value.some((v) => same(found, v))
    case 'contains':
      return contains(found, value)
    case 'less':
      return number(found) < number(value)
    case 'at-most':
      return number(found) <= number(value)
    case 'more':
      return number(found) > number(value)
    case 'at-least':
      return number(found) >= number(value)
  }
}

function summary(values: unknown[], take: Take): unknown {
  if (take === 'last') return values.at(-1)
  if (take === 'first') return values[0]
  if (take === 'count') return values.length
  const numbers = values
    .map(number)
    .filter((v) => !Number.isNaN(v))
    .sort((a, b) => a - b)
  if (take === 'sum') return numbers.reduce((s, v) => s + v, 0)
  if (numbers.length === 0) return undefined
  switch (take) {
    case 'mean':
      return numbers.reduce((s, v) => s + v, 0) / numbers.length
    case 'median':
      return ((numbers[(numbers.length - 1) >> 1] as number) + (numbers[numbers.length >> 1] as number)) / 2
    case 'minimum':
      return numbers[0]
    case 'maximum':
      return numbers.at(-1)
  }
}

type DataTest = Extract<Test, { data: string }>

/** What a test of data looks at: the field of the trials that match, summed up. */
function summaryOf(test: DataTest, data: Known['data']): unknown {
  const where = Object.entries(test.where ?? {})
  const matching = data.filter((trial) => where.every(([path, value]) => same(at(trial, path), value)))
  const looked = test.last === undefined ? matching : matching.slice(-test.last)
  const values = looked.map((trial) => at(trial, test.data)).filter((value) => value !== undefined && value !== null)
  return summary(values, test.take ?? 'last')
}

/**
 * Whether a test holds. A summary of no trials is missing: it equals nothing and is neither more nor less than
 * anything.
 */
export function holds(test: Test, known: Known): boolean {
  if ('all' in test) return test.all.every((inner) => holds(inner, known))
  if ('any' in test) return test.any.some((inner) => holds(inner, known))
  if ('not' in test) return !holds(test.not, known)
  if ('condition' in test) return [test.condition].flat().includes(known.condition)
  const is = test.is ?? ('value' in test ? 'equal' : 'present')
  if ('parameter' in test) return compare(ownMember(known.parameters, test.parameter), is, test.value)
  if ('variable' in test) return compare(at(known.variables, test.variable), is, test.value)
  return compare(summaryOf(test, known.data), is, test.value)
}
