/**
 * Parameters of a pipeline: a strict part of JSON Schema 2020-12 that browser and server check with this one file,
 * without eval and without surprises: what is not listed here is refused when a pipeline is published, so that no
 * keyword is silently ignored.
 */
import { fitsPattern } from './pattern.ts'

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

const isMultiple = (value: number, of: number): boolean => {
  const quotient = value / of
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient))
}

/** The bound that holds, where there is an open one and a closed one: the open one when they are equal. */
function lowerBoundText({ minimum, exclusiveMinimum }: NumberRange): string | undefined {
  if (exclusiveMinimum !== undefined && exclusiveMinimum >= (minimum ?? -Infinity))
    return `more than ${exclusiveMinimum}`
  return minimum === undefined ? undefined : `at least ${minimum}`
}
function upperBoundText({ maximum, exclusiveMaximum }: NumberRange): string | undefined {
  if (exclusiveMaximum !== undefined && exclusiveMaximum <= (maximum ?? Infinity))
    return `less than ${exclusiveMaximum}`
  return maximum === undefined ? undefined : `at most ${maximum}`
}

/** The range in words: `a whole number, at least 1 and at most 64, in steps of 2`. */
export function rangeText(range: NumberRange, unit?: string): string {
  return [
    `a ${range.type === 'integer' ? 'whole ' : ''}number${unit ? ` (${unit})` : ''}`,
    [lowerBoundText(range), upperBoundText(range)].filter(Boolean).join(' and '),
    range.multipleOf === undefined ? '' : `in steps of ${range.multipleOf}`,
  ]
    .filter(Boolean)
    .join(', ')
}

function numberFault(value: unknown, range: NumberRange): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'Not a number'
  if (range.type === 'integer' && !Number.isSafeInteger(value)) return 'Not a whole number'
  if (range.minimum !== undefined && value < range.minimum) return `Below ${range.minimum}`
  if (range.exclusiveMinimum !== undefined && value <= range.exclusiveMinimum)
    return `Not above ${range.exclusiveMinimum}`
  if (range.maximum !== undefined && value > range.maximum) return `Above ${range.maximum}`
  if (range.exclusiveMaximum !== undefined && value >= range.exclusiveMaximum)
    return `Not below ${range.exclusiveMaximum}`
  return range.multipleOf !== undefined && !isMultiple(value, range.multipleOf)
    ? `Not a multiple of ${range.multipleOf}`
    : undefined
}

/** A value as a fault may quote it: short and plain, else left out. */
function quotable(value: unknown): string | number | boolean | undefined {
  if (typeof value === 'string') return value.slice(0, 100)
  return typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/** Faults of one value as a whole: one or none. */
type Check<P extends Parameter> = (value: unknown, parameter: P) => Fault[]
const fault = (value: unknown, message: string, expected: string): Fault[] => {
  const quoted = quotable(value)
  return [{ path: '', message, ...(quoted === undefined ? {} : { value: quoted }), expected }]
}

const flagFaults: Check<FlagParameter> = (value) =>
  typeof value === 'boolean' ? [] : fault(value, 'Neither true nor false', 'true or false')

const numberFaults: Check<NumberParameter> = (value, parameter) => {
  if (parameter.enum && !parameter.enum.includes(value as number))
    return fault(value, 'Not one of the choices', parameter.enum.join(', '))
  const message = numberFault(value, parameter)
  return message === undefined ? [] : fault(value, message, rangeText(parameter, parameter.unit))
}

const textFaults: Check<TextParameter> = (value, { enum: choices, minLength, maxLength, pattern }) => {
  if (typeof value !== 'string') return fault(value, 'Not a text', 'a text')
  if (choices && !choices.includes(value)) return fault(value, 'Not one of the choices', choices.join(', '))
  if (value.length < (minLength ?? 0)) return fault(value, 'Too short', `at least ${minLength} characters`)
  const most = Math.min(maxLength ?? longestText, pattern === undefined ? longestText : longestWithPattern)
  if (value.length > most) return fault(value, 'Too long', `at most ${most} characters`)
  if (/[\u0000-\u001f\u007f]/.test(value)) return fault(value, 'Holds control characters', 'one line')
  // A template's own marks would be taken for one when the command is put together.
  if (value.includes('{{')) return fault(value, 'Holds {{', 'a text without {{')
  return pattern !== undefined && !fitsPattern(pattern, value) ? fault(value, 'Does not fit the pattern', pattern) : []
}

/** Of a list that is long enough and not too long: what is wrong with its members, the first ten. */
const memberFaults = (members: readonly unknown[], { items, unit }: ListParameter): Fault[] =>
  members
    .flatMap((member, index): Fault[] => {
      const message = numberFault(member, items)
      if (message === undefined) return []
      const quoted = typeof member === 'number' ? { value: member } : {}
      return [{ path: `/${index}`, message, ...quoted, expected: rangeText(items, unit) }]
    })
    .slice(0, 10)

const listFaults: Check<ListParameter> = (value, parameter) => {
  const { items, unit, minItems = 0, maxItems = mostItems } = parameter
  const expected = `a list of ${minItems} to ${maxItems}: each ${rangeText(items, unit)}`
  if (!Array.isArray(value)) return fault(value, 'Not a list', expected)
  if (value.length < minItems) return fault(value, 'Too few', expected)
  if (value.length > maxItems) return fault(value, 'Too many', expected)
  return memberFaults(value, parameter)
}

/** What is wrong with one value; paths are below the value: empty, or `/index` of a list's member. */
export function valueFaults(value: unknown, parameter: Parameter): Fault[] {
  switch (parameter.type) {
    case 'boolean':
      return flagFaults(value, parameter)
    case 'number':
    case 'integer':
      return numberFaults(value, parameter)
    case 'string':
      return textFaults(value, parameter)
    case 'array':
      return listFaults(value, parameter)
  }
}

/**
 * Values with the defaults filled in, in the schema's order. Names that the schema does not have are left as they are,
 * for `parameterFaults` to refuse.
 */
export function withDefaults(schema: ParameterSchema, values: Record<string, unknown>): Record<string, unknown> {
  const known = Object.entries(schema.properties).flatMap(([name, parameter]) => {
    if (Object.hasOwn(values, name)) return [[name, values[name]]]
    return parameter.default === undefined ? [] : [[name, parameter.default]]
  })
  return {
    ...Object.fromEntries(known),
    ...Object.fromEntries(Object.entries(values).filter(([name]) => !Object.hasOwn(schema.properties, name))),
  }
}

/** What is wrong with values once defaults are in: `/name` or `/name/index`. Empty when a run may have them. */
export function parameterFaults(schema: ParameterSchema, values: Record<string, unknown>): Fault[] {
  const names = Object.keys(schema.properties)
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(schema.properties, name))
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(values, name))
  return [
    ...unknown.map((name) => ({
      path: `/${pointer(name)}`,
      message: 'The pipeline has no such parameter',
      expected: names.slice(0, 40).join(', '),
    })),
    ...missing.map((name) => ({
      path: `/${pointer(name)}`,
      message: 'Missing',
      expected: expectedOf(schema.properties[name]),
    })),
    ...names
      .filter((name) => Object.hasOwn(values, name))
      .flatMap((name) => faultsBelow(`/${pointer(name)}`, valueFaults(values[name], schema.properties[name]!))),
  ]
}

/** Faults of a part, as faults of the whole that has the part at `path`. */
export const faultsBelow = (path: string, faults: readonly Fault[]): Fault[] =>
  faults.map((one) => ({ ...one, path: `${path}${one.path}` }))

const pointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** What a parameter takes, for a person. */
function expectedOf(parameter: Parameter | undefined): string {
  switch (parameter?.type) {
    case undefined:
      return 'a value'
    case 'number':
    case 'integer':
      return rangeText(parameter, parameter.unit)
    case 'string':
      return parameter.enum?.join(', ') ?? 'a text'
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list of numbers'
  }
}
