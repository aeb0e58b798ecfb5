/**
 * Keys as templates: `STUDY#{studyId}`, `VERSION#{version:6}`. What stands in braces is a field, as in the path of a
 * route; a width makes it a whole number that is padded with zeros, so that numbers sort. From a template come the
 * function that makes the key, its type, what a page of it begins with, and the way back from a key to its fields.
 */

/** The fields of a template in their order, as written: `['studyId', 'version:6']`. */
type Written<T extends string> = T extends `${string}{${infer F}}${infer Rest}` ? [F, ...Written<Rest>] : []
type Name<F extends string> = F extends `${infer N}:${number}` ? N : F
type Value<F extends string> = F extends `${string}:${number}` ? number : string

/** The fields of a template by name: text, or a number where the template says how wide it is. */
export type Fields<T extends string> = { [F in Written<T>[number] as Name<F>]: Value<F> }

/** The values of a template's fields, in the order in which the template names them. */
export type Values<T extends string> = ValuesOf<Written<T>>
type ValuesOf<F extends readonly string[]> = { [I in keyof F]: Value<F[I]> }

interface Field {
  name: string
  /** Digits of a number; 0 for text. */
  width: number
}
/** A template in its pieces: what stands there as it is, and what is filled in. */
export type Pieces = readonly (string | Field)[]

/** Takes a template apart. */
export const piecesOf = (template: string): Pieces =>
  template
    .split(/(\{\w+(?::\d+)?\})/)
    .filter((piece) => piece !== '')
    .map((piece) => {
      const field = /^\{(\w+)(?::(\d+))?\}$/.exec(piece)
      return field ? { name: field[1]!, width: Number(field[2] ?? 0) } : piece
    })

/** The names of the fields, in their order. */
export const namesIn = (pieces: Pieces): string[] =>
  pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.name]))

const filled = (field: Field, value: unknown): string => String(value).padStart(field.width, '0')

/** The text of a template with every field filled in. Throws a `TypeError` when a field is missing. */
export function fill(pieces: Pieces, fields: Readonly<Record<string, unknown>>): string {
  const text = (piece: string | Field): string => {
    if (typeof piece === 'string') return piece
    if (fields[piece.name] === undefined) throw new TypeError(`A key needs ${piece.name}`)
    return filled(piece, fields[piece.name])
  }
  return pieces.map(text).join('')
}

/** The text of a template up to its first field that is not given: what every key with these fields begins with. */
export function fillAsFarAs(pieces: Pieces, fields: Readonly<Record<string, unknown>>): string {
  const end = pieces.findIndex((piece) => typeof piece !== 'string' && fields[piece.name] === undefined)
  return fill(end === -1 ? pieces : pieces.slice(0, end), fields)
}

/** A text as a regular expression matches it to the letter. */
export const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const group = (field: Field): string => (field.width > 0 ? `(\\d{${field.width},})` : '([^#]+)')

/** The fields of a text that was made from a template; undefined when it was not. Text fields hold no `#`. */
export function readBack(pieces: Pieces, text: string): Record<string, string | number> | undefined {
  const pattern = pieces.map((piece) => (typeof piece === 'string' ? escaped(piece) : group(piece))).join('')
  const found = new RegExp(`^${pattern}$`).exec(text)
  if (!found) return undefined
  const fields = pieces.filter((piece) => typeof piece !== 'string')
  return Object.fromEntries(
    fields.map((field, i) => [field.name, field.width > 0 ? Number(found[i + 1]) : found[i + 1]!]),
  )
}
