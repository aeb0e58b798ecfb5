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
export const argumentText = (v: ParameterValue): string => (Array.isArray(v) ? v.join(',') : String(v))

const isPlace = (name: string): boolean =>
  name === 'output' || name === 'code' || name === 'parameters' || name.startsWith('inputs.')

/**
 * Arguments with the parameters put in; places stay tokens, written without spaces. Values were checked before and hold
 * no `{{` (domain/pipelines/parameters.ts).
 */
export const commandOf = (template: readonly string[], values: Values): string[] =>
  template.map((argument) =>
    argument.replace(token, (whole, name: string) =>
      isPlace(name) ? `{{${name}}}` : Object.hasOwn(values, name) ? argumentText(values[name]!) : whole,
    ),
  )

/**
 * Arguments with the places put in: for the runner. A place that is not there (an optional input without files) becomes
 * an empty text.
 */
export const located = (
  command: readonly string[],
  places: { output: string; code: string; parameters: string; inputs: Record<string, string> },
): string[] =>
  command.map((argument) =>
    argument.replace(token, (whole, name: string) => {
      if (!isPlace(name)) return whole
      return name.startsWith('inputs.')
        ? Object.hasOwn(places.inputs, name.slice(7))
          ? places.inputs[name.slice(7)]!
          : ''
        : places[name as 'output' | 'code' | 'parameters']
    }),
  )
