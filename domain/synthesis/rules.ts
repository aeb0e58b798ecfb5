/**
 * Structural rules as tables of what may be: impossible combinations directly, implied ones as the combinations that
 * they leave out.
 */
import type { Column, Domain, Limits } from './column-domain.ts'
import { isListed, listedSize, missingCode, otherCode, sizeOf } from './column-domain.ts'
import { SynthesisError } from './errors.ts'

/**
 * A set of columns (ascending) and, for each combination of their codes in row-major order, whether a row may have it
 * (1) or not (0).
 */
export interface Allowed {
  columns: number[]
  cells: Uint8Array
}

/** The code of a category's name or of a bin's number, or -1. */
function listedCode(column: Column, value: string): number {
  if (isListed(column)) return column.categories.indexOf(value)
  return /^\d+$/.test(value) && Number(value) < listedSize(column) ? Number(value) : -1
}
/** The code that a rule's value names, or -1. */
function codeOf(column: Column, value: string): number {
  const listed = listedCode(column, value)
  if (listed >= 0) return listed
  if (value === '') return missingCode(column)
  return value === 'other' ? otherCode(column) : -1
}
/**
 * Codes that a rule's values name; '' is missing, 'other' is other where the column is open and lists no such category.
 */
function codesOf(c: Column, values: readonly string[]): number[] {
  return values.map((v) => {
    const code = codeOf(c, v)
    if (code < 0)
      throw new SynthesisError('bad_rule', `A rule names a value that column “${c.name}” does not declare`, {
        column: c.name,
      })
    return code
  })
}

/**
 * Tables of what may be, one for each set of columns that rules join. Throws SynthesisError when a rule names what is
 * not declared or leaves nothing.
 */
export function allowedOf(domain: Domain, limits: Limits): Allowed[] {
  const tables = new Map<string, Allowed>()
  const index = new Map(domain.columns.map((c, i) => [c.name, i]))
  for (const rule of domain.rules ?? []) {
    const when = rule.rule === 'impossible' ? rule.values : rule.when
    const then = rule.rule === 'impossible' ? {} : rule.then
    const named = [
      ...Object.entries(when).map(([n, v]) => [n, v, true] as const),
      ...Object.entries(then).map(([n, v]) => [n, v, false] as const),
    ]
    const parts = named
      .map(([name, values, inside]) => {
        const at = index.get(name)
        if (at === undefined)
          throw new SynthesisError('bad_rule', `A rule names a column “${name}” that the table does not have`, {
            column: name,
          })
        const codes = new Set(codesOf(domain.columns[at]!, values))
        return { at, codes, inside }
      })
      .sort((a, b) => a.at - b.at)
    if (parts.length === 0 || new Set(parts.map((p) => p.at)).size !== parts.length)
      throw new SynthesisError('bad_rule', 'A rule needs columns, each named once')
    const columns = parts.map((p) => p.at)
    const sizes = columns.map((c) => sizeOf(domain.columns[c]!))
    const cells = sizes.reduce((a, b) => a * b, 1)
    if (cells > limits.ruleCells)
      throw new SynthesisError(
        'too_large',
        `A rule over ${columns.map((c) => `“${domain.columns[c]!.name}”`).join(', ')} spans ${cells} combinations; at most ${limits.ruleCells} are possible`,
        { column: domain.columns[columns[0]!]!.name },
      )
    const key = columns.join()
    const table = tables.get(key) ?? { columns, cells: new Uint8Array(cells).fill(1) }
    tables.set(key, table)
    // Several `then` columns: a row breaks the rule when any of them is off, so each is forbidden by itself.
    const broken = (codes: number[]): boolean => {
      let off = rule.rule === 'impossible'
      for (const [i, p] of parts.entries()) {
        if (p.inside) {
          if (!p.codes.has(codes[i]!)) return false
        } else if (!p.codes.has(codes[i]!)) off = true
      }
      return off
    }
    const codes = columns.map(() => 0)
    for (let i = 0; i < cells; i++) {
      if (broken(codes)) table.cells[i] = 0
      for (let a = codes.length - 1; a >= 0; a--) {
        if (++codes[a]! < sizes[a]!) break
        codes[a] = 0
      }
    }
    if (!table.cells.includes(1))
      throw new SynthesisError(
        'impossible_rules',
        `Rules leave no value for ${columns.map((c) => `“${domain.columns[c]!.name}”`).join(', ')}`,
        { column: domain.columns[columns[0]!]!.name },
      )
  }
  return [...tables.values()]
}
