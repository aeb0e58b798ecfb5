/**
 * The command of a run: the definition's template with the parameters put in. There is no shell, so nothing has to be
 * quoted: a value is part of one argument, whatever it holds. `{{output}}`, `{{code}}`, `{{parameters}}` and
 * `{{inputs.NAME}}` stay: the runner, which alone knows its folders, fills them in with `located`.
 */
import type { ParameterValue, Values } from './parameters.ts'

const token = /\{\{\s*([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)?)\s*\}\}/g

/** The tokens of one argument, in order. */
export const tokensOf = (argument: string): string[] => [...argument.matchAll(token)].map((m) => m[1]!)

/** A value as a program reads it: lists with commas, flags as `true` and `false`. */
export const argumentText = (value: ParameterValue): string => (Array.isArray(value) ? value.join(',') : String(value))

/** Places that only the runner knows. */
export const plainPlaces = ['output', 'code', 'parameters'] as const
type PlainPlace = (typeof plainPlaces)[number]
export const inputPrefix = 'inputs.'

const isPlainPlace = (name: string): name is PlainPlace => (plainPlaces as readonly string[]).includes(name)
const isPlace = (name: string): boolean => isPlainPlace(name) || name.startsWith(inputPrefix)

/** Every argument with its tokens replaced; `undefined` leaves a token as it is written. */
const fillIn = (template: readonly string[], textOf: (name: string) => string | undefined): string[] =>
  template.map((argument) => argument.replace(token, (whole, name: string) => textOf(name) ?? whole))

/**
 * Arguments with the parameters put in; places stay tokens, written without spaces. Values were checked before and hold
 * no `{{` (domain/pipelines/parameters.ts).
 */
export const commandOf = (template: readonly string[], values: Values): string[] =>
  fillIn(template, (name) => {
    if (isPlace(name)) return `{{${name}}}`
    return Object.hasOwn(values, name) ? argumentText(values[name]!) : undefined
  })

/**
 * Arguments with the places put in: for the runner. A place that is not there (an optional input without files) becomes
 * an empty text.
 */
export const located = (
  command: readonly string[],
  places: Record<PlainPlace, string> & { inputs: Record<string, string> },
): string[] =>
  fillIn(command, (name) => {
    if (isPlainPlace(name)) return places[name]
    if (!name.startsWith(inputPrefix)) return undefined
    const input = name.slice(inputPrefix.length)
    return Object.hasOwn(places.inputs, input) ? places.inputs[input] : ''
  })
