/** What a request's body is, told before it is parsed, and whether it is what a route takes. */
import type { z } from 'zod'
import type { FieldError } from '../../contracts/problems.ts'
import { extentOf, type Extent } from './depth.ts'
import { Failure } from './failure.ts'

/**
 * Levels: what looks at bodies calls itself once a level, and would run out of stack. Values: 20,000 files of a dataset
 * are 100,000, and a value that a schema does not take costs some microseconds.
 */
export const mostOfBody: Extent = { levels: 100, values: 150_000 }
/** Bodies of more values than that are checked aside: others would notice. */
export const valuesInPlace = 2000

/** How far a body extends. Throws for what is deeper, or more, than anything that a route takes. */
export function extentOfBody(text: string): Extent {
  const extent = extentOf(text, mostOfBody)
  const { levels, values } = mostOfBody
  // Before it is parsed: the parser itself takes long for either.
  if (extent.levels > levels)
    throw new Failure('invalid-request', `The body is nested more than ${levels} levels deep.`, [
      { path: '/body', message: 'Too deep', expected: `at most ${levels} levels` },
    ])
  if (extent.values > values)
    throw new Failure(
      'payload-too-large',
      `The body has more than ${values} members and elements. Send less of it at once.`,
      [{ path: '/body', message: 'Too many members and elements', expected: `at most ${values}` }],
    )
  return extent
}

/** A body as its route takes it, or what is wrong with it. */
export type Checked = { body: unknown } | { wrong: string; errors: FieldError[] }

const pointer = (base: string, path: readonly PropertyKey[]): string =>
  [base, ...path.map((p) => String(p).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/')

/** What would have been right, where the schema's issue says so. */
function expectedBy(issue: z.core.$ZodIssue): string | undefined {
  if ('expected' in issue) return String(issue.expected)
  if ('values' in issue) return (issue.values as unknown[]).join(', ')
  return 'pattern' in issue ? String(issue.pattern) : undefined
}

/** Zod's issues as field errors, with the value that was wrong where it is short and plain. */
function fieldErrors(base: string, value: unknown, error: z.ZodError): FieldError[] {
  return error.issues.slice(0, 50).map((issue) => {
    const at = issue.path.reduce<unknown>((v, k) => (v as Record<PropertyKey, unknown> | undefined)?.[k], value)
    const plain = ['string', 'number', 'boolean'].includes(typeof at) && String(at).length <= 100
    const expected = expectedBy(issue)
    return {
      path: pointer(base, issue.path),
      message: issue.message,
      ...(plain ? { value: at } : {}),
      ...(expected ? { expected } : {}),
    }
  })
}

/** Whether a value is what a schema takes; `base` is where it stands in the request. */
export function checkedValue(schema: z.ZodType, base: string, value: unknown): Checked {
  const parsed = schema.safeParse(value)
  if (parsed.success) return { body: parsed.data }
  const errors = fieldErrors(base, value, parsed.error)
  return { wrong: `${errors[0]!.path || 'The request'}: ${errors[0]!.message}`, errors }
}

/**
 * Whether every text is Unicode: a store may keep half a surrogate pair as something else, and then an audit event no
 * longer fits its hash. Without recursion: the value may be hostile.
 */
function wellFormed(value: unknown): boolean {
  const left = [value]
  while (left.length > 0) {
    const one = left.pop()
    if (typeof one === 'string' && !one.isWellFormed()) return false
    if (typeof one === 'object' && one !== null)
      for (const [name, member] of Object.entries(one)) {
        if (!name.isWellFormed()) return false
        left.push(member)
      }
  }
  return true
}

/** Parses a body and checks it against its route's schema. */
export function checkedBody(schema: z.ZodType, text: string): Checked {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return {
      wrong: 'The body is not JSON. Send a JSON object with Content-Type: application/json.',
      errors: [{ path: '/body', message: 'Not JSON', expected: 'a JSON object' }],
    }
  }
  // Only an escape can bring half of a surrogate pair.
  if (/\\u[dD][89a-fA-F]/.test(text) && !wellFormed(body))
    return {
      wrong: 'The body holds half of a surrogate pair, which is no character.',
      errors: [{ path: '/body', message: 'Not Unicode text', expected: 'whole characters' }],
    }
  return checkedValue(schema, '/body', body)
}
