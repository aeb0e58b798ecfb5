/**
 * Structural rules as tables of what may be: impossible combinations directly, implied ones as the combinations that
 * they leave out.
 */
import type { Column, Domain, Limits, Rule } from './column-domain.ts'
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
function codesOf(column: Column, values: readonly string[]): number[] {
  return values.map((value) => {
    const code = codeOf(column, value)
    if (code < 0)
      throw new SynthesisError('bad_rule', `A rule names a value that column “${column.name}” does not declare`, {
        column: column.name,
      })
    return code
  })
}

/** One column of a rule: whether its codes are the rule's condition (`when`) or its conclusion (`then`). */
interface Term {
  column: number
  codes: Set<number>
  condition: boolean
}

/** The columns of a rule in the domain's order, each once. */
function termsOf(rule: Rule, domain: Domain): Term[] {
  const when = rule.rule === 'impossible' ? rule.values : rule.when
  const then = rule.rule === 'impossible' ? {} : rule.then
  const term = (name: string, values: readonly string[], condition: boolean): Term => {
    const column = domain.columns.findIndex((one) => one.name === name)
    if (column < 0)
      throw new SynthesisError('bad_rule', `A rule names a column “${name}” that the table does not have`, {
        column: name,
      })
    return { column, codes: new Set(codesOf(domain.columns[column]!, values)), condition }
  }
  const terms = [
    ...Object.entries(when).map(([name, values]) => term(name, values, true)),
    ...Object.entries(then).map(([name, values]) => term(name, values, false)),
  ].sort((a, b) => a.column - b.column)
  if (terms.length === 0 || new Set(terms.map((one) => one.column)).size !== terms.length)
    throw new SynthesisError('bad_rule', 'A rule needs columns, each named once')
  return terms
}

/** Whether codes, one for each term, break a rule: all conditions hold and, of an implied rule, a conclusion fails. */
function breaks(rule: Rule, terms: readonly Term[], codes: readonly number[]): boolean {
  const holds = (term: Term, i: number): boolean => term.codes.has(codes[i]!)
  if (!terms.every((term, i) => !term.condition || holds(term, i))) return false
  return rule.rule === 'impossible' || terms.some((term, i) => !term.condition && !holds(term, i))
}

/** Strikes every combination that breaks the rule from the table over its columns. */
function strike(table: Allowed, rule: Rule, terms: readonly Term[], sizes: readonly number[]): void {
  const codes = sizes.map(() => 0)
  for (let cell = 0; cell < table.cells.length; cell++) {
    if (breaks(rule, terms, codes)) table.cells[cell] = 0
    for (let i = codes.length - 1; i >= 0; i--) {
      if (++codes[i]! < sizes[i]!) break
      codes[i] = 0
    }
  }
}

/**
 * Tables of what may be, one for each set of columns that rules join. Throws SynthesisError: `bad_rule` when a rule
 * names what is not declared, `too_large` when it spans more than `limits.ruleCells` combinations, `impossible_rules`
 * when nothing is left.
 */
export function allowedOf(domain: Domain, limits: Limits): Allowed[] {
  const tables = new Map<string, Allowed>()
  for (const rule of domain.rules ?? []) {
    const terms = termsOf(rule, domain)
    const columns = terms.map((term) => term.column)
    const sizes = columns.map((column) => sizeOf(domain.columns[column]!))
    const cells = sizes.reduce((product, size) => product * size, 1)
    const first = domain.columns[columns[0]!]!.name
    const names = columns.map((column) => `“${domain.columns[column]!.name}”`).join(', ')
    if (cells > limits.ruleCells)
      throw new SynthesisError(
        'too_large',
        `A rule over ${names} spans ${cells} combinations; at most ${limits.ruleCells} are possible`,
        { column: first },
      )
    const key = columns.join()
    const table = tables.get(key) ?? { columns, cells: new Uint8Array(cells).fill(1) }
    tables.set(key, table)
    strike(table, rule, terms, sizes)
    if (!table.cells.includes(1))
      throw new SynthesisError('impossible_rules', `Rules leave no value for ${names}`, { column: first })
  }
  return [...tables.values()]
}
