/** Collecting what is wrong with a configuration, each with the JSON pointer of the field. */

export interface ConfigurationError {
  path: string
  message: string
  value?: unknown
  expected?: string
}

/** A researcher reads a page of errors, not a thousand. */
const maxErrors = 100
const maxEchoed = 300
const maxListed = 60

export class Findings {
  readonly errors: ConfigurationError[] = []
  readonly #seen = new Set<string>()

  /** Notes an error once; the value is echoed when it is short. */
  add(path: string, message: string, value?: unknown, expected?: string): void {
    const key = `${path}\n${message}`
    if (this.#seen.has(key) || this.errors.length >= maxErrors) return
    this.#seen.add(key)
    const echo = value !== undefined && (JSON.stringify(value) ?? '').length <= maxEchoed
    this.errors.push({ path, message, ...(echo ? { value } : {}), ...(expected === undefined ? {} : { expected }) })
  }

  /** The value as an object, or undefined with an error. */
  object(value: unknown, path: string, expected = 'an object'): Record<string, unknown> | undefined {
    if (isObject(value)) return value
    this.add(path, 'This is not an object', value, expected)
    return undefined
  }

  list(value: unknown, path: string, expected = 'a list'): unknown[] | undefined {
    if (Array.isArray(value)) return value
    this.add(path, 'This is not a list', value, expected)
    return undefined
  }

  /** Members that are not among `allowed` are errors. */
  members(value: Record<string, unknown>, path: string, allowed: readonly string[]): void {
    for (const name of Object.keys(value))
      if (!allowed.includes(name))
        this.unknown(pointer(path, name), name, value[name], allowed, 'There is no such field here')
  }

  unknown(path: string, name: string, value: unknown, allowed: readonly string[], message: string): void {
    if (this.errors.length >= maxErrors) return
    const near = nearest(name, allowed)
    this.add(path, near === undefined ? message : `${message}; did you mean ${near}?`, value, inWords(allowed))
  }

  /** A whole number within bounds. */
  integer(value: unknown, path: string, from: number, to: number): value is number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return true
    this.add(path, 'This is not a whole number within its bounds', value, `a whole number from ${from} to ${to}`)
    return false
  }

  oneOf(value: unknown, path: string, allowed: readonly string[]): boolean {
    if (typeof value === 'string' && allowed.includes(value)) return true
    if (typeof value === 'string') this.unknown(path, value, value, allowed, 'This is not one of the allowed values')
    else this.add(path, 'This is not one of the allowed values', value, allowed.join(', '))
    return false
  }

  boolean(value: unknown, path: string): boolean {
    if (typeof value === 'boolean') return true
    this.add(path, 'This is neither true nor false', value, 'true or false')
    return false
  }
}

/** Allowed names as an error lists them; undefined when there is none. */
function inWords(allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined
  return allowed.length > maxListed ? `one of ${allowed.length} names` : allowed.join(', ')
}

/** Whether a value is an object and not a list. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A JSON pointer (RFC 6901) one step further down. */
export const pointer = (path: string, name: string | number): string =>
  `${path}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** Steps that looking for a name may take: among hundreds of long ones nobody needs a guess. */
const mostSteps = 200_000

/** The name that was probably meant: at most a third of it is mistyped, or it is the end of a longer one. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > 100 || name.length ** 2 * names.length > mostSteps) return undefined
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    if (candidate.length > 5 && name.length > 3 && (candidate.endsWith(`-${name}`) || candidate.endsWith(`/${name}`)))
      return candidate
    if (Math.abs(candidate.length - name.length) >= least) continue
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    if (edits >= least) continue
    least = edits
    best = candidate
  }
  return best
}

/** The edit distance of two words (Levenshtein 1966): how many characters are put in, left out or changed. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, place) => place)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const leftOut = (row[j] as number) + 1
      const putIn = (next[j - 1] as number) + 1
      const changed = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(leftOut, putIn, changed))
    }
    row = next
  }
  return row[to.length] as number
}
