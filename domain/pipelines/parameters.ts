/**
 * Parameters of a pipeline: a strict part of JSON Schema 2020-12 that browser and server check with this one file,
 * without eval and without surprises: what is not listed here is refused when a pipeline is published, so that no
 * keyword is silently ignored.
 */
export interface Fault {
  /** JSON pointer. */
  path: string
  message: string
  value?: unknown
  expected?: string
}

/** What the wizard may fill in from the experiment's images (domain/pipelines/inspect.ts). */
export const proposals = ['frames', 'width', 'height', 'bits', 'files'] as const
export type Proposes = (typeof proposals)[number]

interface Shown {
  title?: string | undefined
  /** Shown as help beside the field. */
  description?: string | undefined
  unit?: string | undefined
  group?: string | undefined
  /** Folded away at first. */
  advanced?: boolean | undefined
  propose?: Proposes | undefined
}
export interface NumberRange {
  type: 'number' | 'integer'
  minimum?: number | undefined
  maximum?: number | undefined
  exclusiveMinimum?: number | undefined
  exclusiveMaximum?: number | undefined
  multipleOf?: number | undefined
}
export type NumberParameter = Shown & NumberRange & { default?: number | undefined; enum?: number[] | undefined }
export type TextParameter = Shown & {
  type: 'string'
  default?: string | undefined
  enum?: string[] | undefined
  pattern?: string | undefined
  minLength?: number | undefined
  maxLength?: number | undefined
}
export type FlagParameter = Shown & { type: 'boolean'; default?: boolean | undefined }
export type ListParameter = Shown & {
  type: 'array'
  items: NumberRange
  default?: number[] | undefined
  minItems?: number | undefined
  maxItems?: number | undefined
}
export type Parameter = NumberParameter | TextParameter | FlagParameter | ListParameter
export type ParameterValue = number | string | boolean | number[]
export type Values = Record<string, ParameterValue>

export interface ParameterSchema {
  type: 'object'
  properties: Record<string, Parameter>
  required?: string[] | undefined
  /** In the form's order; parameters without a group come first. */
  groups?: { name: string; title: string; description?: string | undefined }[] | undefined
}

/** A text is at most so long; with a pattern shorter, as the pattern is tried at every place of it. */
const longestText = 1000
const longestWithPattern = 200
const mostItems = 1000

/**
 * A pattern that cannot take long on a text of `longestWithPattern`: no group is repeated, no reference, at most three
 * open repetitions.
 */
export function patternFault(pattern: string): string | undefined {
  if (pattern.length > 200) return 'Longer than 200 characters'
  try {
    new RegExp(pattern, 'u')
  } catch {
    return 'Not a regular expression'
  }
  const plain = pattern.replaceAll(/\\[^\d]/g, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  if (/\)[*+?{]/.test(plain)) return 'A group may not be repeated'
  if (/\\[\dk]/.test(plain) || /\(\?[=!<]/.test(plain)) return 'References and looking around are not taken'
  return (plain.match(/[*+]|\{\d*,\}/g)?.length ?? 0) > 3 ? 'More than three open repetitions' : undefined
}

const isMultiple = (v: number, of: number): boolean => {
  const q = v / of
  return Math.abs(q - Math.round(q)) <= 1e-9 * Math.max(1, Math.abs(q))
}

/** The range in words: `a whole number from 1 to 64, in steps of 2`. */
export function rangeText(p: NumberRange, unit?: string): string {
  const low =
    p.exclusiveMinimum !== undefined && p.exclusiveMinimum >= (p.minimum ?? -Infinity)
      ? `more than ${p.exclusiveMinimum}`
      : p.minimum === undefined
        ? undefined
        : `at least ${p.minimum}`
  const high =
    p.exclusiveMaximum !== undefined && p.exclusiveMaximum <= (p.maximum ?? Infinity)
      ? `less than ${p.exclusiveMaximum}`
      : p.maximum === undefined
        ? undefined
        : `at most ${p.maximum}`
  return [
    `a ${p.type === 'integer' ? 'whole ' : ''}number${unit ? ` (${unit})` : ''}`,
    [low, high].filter(Boolean).join(' and '),
    p.multipleOf === undefined ? '' : `in steps of ${p.multipleOf}`,
  ]
    .filter(Boolean)
    .join(', ')
}

function numberFault(v: unknown, p: NumberRange): string | undefined {
  if (typeof v !== 'number' || !Number.isFinite(v)) return 'Not a number'
  if (p.type === 'integer' && !Number.isSafeInteger(v)) return 'Not a whole number'
  if (p.minimum !== undefined && v < p.minimum) return `Below ${p.minimum}`
  if (p.exclusiveMinimum !== undefined && v <= p.exclusiveMinimum) return `Not above ${p.exclusiveMinimum}`
  if (p.maximum !== undefined && v > p.maximum) return `Above ${p.maximum}`
  if (p.exclusiveMaximum !== undefined && v >= p.exclusiveMaximum) return `Not below ${p.exclusiveMaximum}`
  return p.multipleOf !== undefined && !isMultiple(v, p.multipleOf) ? `Not a multiple of ${p.multipleOf}` : undefined
}

/** What is wrong with one value; paths are below the value. */
export function valueFaults(v: unknown, p: Parameter): Fault[] {
  const shown =
    typeof v === 'string' ? v.slice(0, 100) : typeof v === 'number' || typeof v === 'boolean' ? v : undefined
  const one = (message: string, expected: string, path = ''): Fault[] => [
    { path, message, ...(shown === undefined ? {} : { value: shown }), expected },
  ]
  switch (p.type) {
    case 'boolean':
      return typeof v === 'boolean' ? [] : one('Neither true nor false', 'true or false')
    case 'number':
    case 'integer': {
      if (p.enum && !p.enum.includes(v as number)) return one('Not one of the choices', p.enum.join(', '))
      const fault = numberFault(v, p)
      return fault === undefined ? [] : one(fault, rangeText(p, p.unit))
    }
    case 'string': {
      if (typeof v !== 'string') return one('Not a text', 'a text')
      if (p.enum && !p.enum.includes(v)) return one('Not one of the choices', p.enum.join(', '))
      const most = Math.min(p.maxLength ?? longestText, p.pattern === undefined ? longestText : longestWithPattern)
      if (v.length < (p.minLength ?? 0)) return one('Too short', `at least ${p.minLength} characters`)
      if (v.length > most) return one('Too long', `at most ${most} characters`)
      if (/[\u0000-\u001f\u007f]/.test(v)) return one('Holds control characters', 'one line')
      // A template's own marks would be taken for one when the command is put together.
      if (v.includes('{{')) return one('Holds {{', 'a text without {{')
      return p.pattern !== undefined && !new RegExp(p.pattern, 'u').test(v)
        ? one('Does not fit the pattern', p.pattern)
        : []
    }
    case 'array': {
      const expected = `a list of ${p.minItems ?? 0} to ${p.maxItems ?? mostItems}: each ${rangeText(p.items, p.unit)}`
      if (!Array.isArray(v)) return one('Not a list', expected)
      if (v.length < (p.minItems ?? 0)) return one('Too few', expected)
      if (v.length > (p.maxItems ?? mostItems)) return one('Too many', expected)
      return v
        .flatMap((x: unknown, i) => {
          const f = numberFault(x, p.items)
          return f === undefined
            ? []
            : [
                {
                  path: `/${i}`,
                  message: f,
                  ...(typeof x === 'number' ? { value: x } : {}),
                  expected: rangeText(p.items, p.unit),
                },
              ]
        })
        .slice(0, 10)
    }
  }
}

/**
 * Values with the defaults filled in, in the schema's order. Names that the schema does not have are left as they are,
 * for `parameterFaults` to refuse.
 */
export function withDefaults(schema: ParameterSchema, values: Record<string, unknown>): Record<string, unknown> {
  const own = Object.entries(schema.properties).flatMap(([n, p]) =>
    Object.hasOwn(values, n) ? [[n, values[n]]] : p.default === undefined ? [] : [[n, p.default]],
  )
  return {
    ...Object.fromEntries(own),
    ...Object.fromEntries(Object.entries(values).filter(([n]) => !Object.hasOwn(schema.properties, n))),
  }
}

/** What is wrong with values once defaults are in: `/name` or `/name/index`. Empty when a run may have them. */
export function parameterFaults(schema: ParameterSchema, values: Record<string, unknown>): Fault[] {
  const names = Object.keys(schema.properties)
  return [
    ...Object.keys(values)
      .filter((n) => !Object.hasOwn(schema.properties, n))
      .map((n) => ({
        path: `/${pointer(n)}`,
        message: 'The pipeline has no such parameter',
        expected: names.slice(0, 40).join(', '),
      })),
    ...(schema.required ?? [])
      .filter((n) => !Object.hasOwn(values, n))
      .map((n) => ({ path: `/${pointer(n)}`, message: 'Missing', expected: expectedOf(schema.properties[n]) })),
    ...names
      .filter((n) => Object.hasOwn(values, n))
      .flatMap((n) =>
        valueFaults(values[n], schema.properties[n]!).map((f) => ({ ...f, path: `/${pointer(n)}${f.path}` })),
      ),
  ]
}
const pointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
const expectedOf = (p: Parameter | undefined): string =>
  p === undefined
    ? 'a value'
    : p.type === 'number' || p.type === 'integer'
      ? rangeText(p, p.unit)
      : p.type === 'string'
        ? (p.enum?.join(', ') ?? 'a text')
        : p.type === 'boolean'
          ? 'true or false'
          : `a list of numbers`

function rangeFaults(p: NumberRange): Fault[] {
  const out: Fault[] = []
  if (p.multipleOf !== undefined && !(p.multipleOf > 0))
    out.push({ path: '/multipleOf', message: 'Not above 0', value: p.multipleOf })
  const low = Math.max(p.minimum ?? -Infinity, p.exclusiveMinimum ?? -Infinity)
  const high = Math.min(p.maximum ?? Infinity, p.exclusiveMaximum ?? Infinity)
  const open =
    (p.exclusiveMinimum !== undefined && low === p.exclusiveMinimum) ||
    (p.exclusiveMaximum !== undefined && high === p.exclusiveMaximum)
  if (low > high || (open && low === high))
    out.push({
      path: p.maximum === undefined ? '/exclusiveMaximum' : '/maximum',
      message: 'Nothing lies between the bounds',
      value: high,
      expected: `more than ${low}`,
    })
  return out
}

/**
 * What is wrong with the schema itself: bounds that leave nothing, defaults and choices that do not fit, groups and
 * required names that are not there.
 */
export function schemaFaults(schema: ParameterSchema): Fault[] {
  const out: Fault[] = []
  const groups = new Set(schema.groups?.map((g) => g.name))
  for (const [name, p] of Object.entries(schema.properties)) {
    const at = `/properties/${name}`
    const add = (faults: Fault[]): void => {
      out.push(...faults.map((f) => ({ ...f, path: `${at}${f.path}` })))
    }
    if (p.type === 'number' || p.type === 'integer') add(rangeFaults(p))
    if (p.type === 'array') {
      add(rangeFaults(p.items).map((f) => ({ ...f, path: `/items${f.path}` })))
      if (p.minItems !== undefined && p.maxItems !== undefined && p.minItems > p.maxItems)
        add([{ path: '/maxItems', message: 'Below minItems', value: p.maxItems, expected: `at least ${p.minItems}` }])
    }
    if (p.type === 'string') {
      const wrong = p.pattern === undefined ? undefined : patternFault(p.pattern)
      if (wrong !== undefined) add([{ path: '/pattern', message: wrong, value: p.pattern!.slice(0, 100) }])
      if (wrong !== undefined) continue
      if (p.minLength !== undefined && p.maxLength !== undefined && p.minLength > p.maxLength)
        add([{ path: '/maxLength', message: 'Below minLength', value: p.maxLength }])
    }
    if ('enum' in p && p.enum) {
      if (new Set<unknown>(p.enum).size < p.enum.length)
        add([{ path: '/enum', message: 'A choice stands there twice' }])
      for (const [i, choice] of p.enum.entries())
        add(
          valueFaults(choice, { ...p, enum: undefined } as Parameter).map((f) => ({
            ...f,
            path: `/enum/${i}${f.path}`,
          })),
        )
    }
    if (p.default !== undefined) add(valueFaults(p.default, p).map((f) => ({ ...f, path: `/default${f.path}` })))
    if (p.group !== undefined && !groups.has(p.group))
      add([
        {
          path: '/group',
          message: 'No such group',
          value: p.group,
          expected: [...groups].join(', ') || 'a group of `groups`',
        },
      ])
    if (p.propose !== undefined && p.type !== 'integer' && p.type !== 'number')
      add([{ path: '/propose', message: 'Only a number can be proposed', value: p.propose }])
  }
  for (const [i, n] of (schema.required ?? []).entries())
    if (!Object.hasOwn(schema.properties, n))
      out.push({ path: `/required/${i}`, message: 'No such parameter', value: n })
  for (const [i, g] of (schema.groups ?? []).entries())
    if (schema.groups!.findIndex((x) => x.name === g.name) < i)
      out.push({ path: `/groups/${i}/name`, message: 'Used twice', value: g.name })
  return out
}
