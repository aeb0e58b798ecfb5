/**
 * Declared comparisons: what a conditional or a loop asks of the condition, the link's parameters and the data so far.
 */

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

/** The member at a dotted path, e.g. `response.age`. */
export const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (v, name) =>
        typeof v === 'object' && v !== null && Object.hasOwn(v, name)
          ? (v as Record<string, unknown>)[name]
          : undefined,
      value,
    )

/**
 * Equal as a person would say: keys and answers regardless of upper and lower case, a number in text as that number,
 * structures member by member.
 */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.toLowerCase() === b.toLowerCase()
  if (typeof a === 'number' && typeof b === 'string') return b.trim() !== '' && a === Number(b)
  if (typeof a === 'string' && typeof b === 'number') return same(b, a)
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => same(v, b[i]))
  if (
    typeof a === 'object' &&
    typeof b === 'object' &&
    a !== null &&
    b !== null &&
    !Array.isArray(a) &&
    !Array.isArray(b)
  ) {
    const keys = Object.keys(a)
    return (
      keys.length === Object.keys(b).length &&
      keys.every(
        (k) => Object.hasOwn(b, k) && same((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]),
      )
    )
  }
  return a === b
}

const number = (v: unknown): number =>
  typeof v === 'number'
    ? v
    : typeof v === 'boolean'
      ? Number(v)
      : typeof v === 'string' && v.trim() !== ''
        ? Number(v)
        : Number.NaN

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
      return Array.isArray(found)
        ? found.some((v) => same(v, value))
        : typeof found === 'string' && typeof value === 'string' && found.toLowerCase().includes(value.toLowerCase())
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

/**
 * Whether a test holds. A summary of no trials is missing: it equals nothing and is neither more nor less than
 * anything.
 */
export function holds(test: Test, known: Known): boolean {
  if ('all' in test) return test.all.every((t) => holds(t, known))
  if ('any' in test) return test.any.some((t) => holds(t, known))
  if ('not' in test) return !holds(test.not, known)
  if ('condition' in test) return [test.condition].flat().includes(known.condition)
  const is = test.is ?? ('value' in test ? 'equal' : 'present')
  if ('parameter' in test)
    return compare(
      Object.hasOwn(known.parameters, test.parameter) ? known.parameters[test.parameter] : undefined,
      is,
      test.value,
    )
  if ('variable' in test) return compare(at(known.variables, test.variable), is, test.value)
  const matching = known.data.filter((d) =>
    Object.entries(test.where ?? {}).every(([path, value]) => same(at(d, path), value)),
  )
  const values = (test.last === undefined ? matching : matching.slice(-test.last))
    .map((d) => at(d, test.data))
    .filter((v) => v !== undefined && v !== null)
  return compare(summary(values, test.take ?? 'last'), is, test.value)
}
