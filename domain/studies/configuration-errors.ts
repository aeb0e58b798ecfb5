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
    const near = nearest(name, allowed)
    this.add(
      path,
      near === undefined ? message : `${message}; did you mean ${near}?`,
      value,
      allowed.length === 0 ? undefined : allowed.length > 60 ? `one of ${allowed.length} names` : allowed.join(', '),
    )
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

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A JSON pointer (RFC 6901) one step further down. */
export const pointer = (path: string, name: string | number): string =>
  `${path}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** The name that was probably meant: at most a third of it is mistyped, or it is the end of a longer one. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > 100) return undefined
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    if (candidate.length > 5 && name.length > 3 && (candidate.endsWith(`-${name}`) || candidate.endsWith(`/${name}`)))
      return candidate
    if (Math.abs(candidate.length - name.length) >= least) continue
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d < least) [least, best] = [d, candidate]
  }
  return best
}

/** Levenshtein. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] as number) + 1,
          (next[j - 1] as number) + 1,
          (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      )
    row = next
  }
  return row[b.length] as number
}
