/** Rows of text to codes, a column at a time in typed arrays, as they stream in. */
import type { Column, Dated, Domain, Limits, Listed, Numeric } from './column-domain.ts'
import { checkDomain } from './check-domain.ts'
import { dayOf, defaultLimits, edgesOf, isListed, missingCode, otherCode, sizeOf } from './column-domain.ts'
import { SynthesisError } from './errors.ts'

/** One column's codes, one for each row. */
export type Codes = Uint8Array | Uint16Array | Uint32Array
/** Encoded rows: `columns[c][row]` is a code of column c. */
export interface Table {
  rows: number
  columns: readonly Codes[]
}

/** An array of the smallest width that holds codes 0..size-1. */
export function codesFor(size: number, rows: number): Codes {
  if (size <= 0x100) return new Uint8Array(rows)
  return size <= 0x10000 ? new Uint16Array(rows) : new Uint32Array(rows)
}

/** The number of the bin that holds a value: of the last edge not above it; values outside are clamped. */
export function binOf(edges: readonly number[], value: number): number {
  let low = 0
  let high = edges.length - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (edges[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * Text of one column to its code, or -1 when the column does not declare it. Empty text is missing. Numbers may have
 * spaces around them and commas between thousands.
 */
export function columnEncoder(column: Column): (text: string) => number {
  return isListed(column) ? listEncoder(column) : numberEncoder(column)
}

function listEncoder(column: Listed): (text: string) => number {
  const missing = missingCode(column)
  const other = otherCode(column)
  const codes = new Map(column.categories.map((category, code) => [category, code]))
  return (text) => codes.get(text) ?? (text === '' ? missing : other)
}

const commasBetweenThousands = /^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$/
const numberOf = (text: string): number => Number(commasBetweenThousands.test(text) ? text.replaceAll(',', '') : text)

function numberEncoder(column: Numeric | Dated): (text: string) => number {
  const missing = missingCode(column)
  const edges = edgesOf(column)
  const parse = column.kind === 'date' ? dayOf : numberOf
  return (raw) => {
    const text = raw.trim()
    const value = text === '' ? NaN : parse(text)
    return Number.isNaN(value) ? missing : binOf(edges, value)
  }
}

/**
 * Collects rows into a Table. The constructor throws what `checkDomain` does; `options.room`: rows to make room for at
 * first.
 */
export class Encoder {
  readonly #domain: Domain
  readonly #encode: ((text: string) => number)[]
  readonly #columns: Codes[]
  #rows = 0
  #room: number

  constructor(domain: Domain, options: { limits?: Limits; room?: number } = {}) {
    checkDomain(domain, options.limits ?? defaultLimits)
    this.#domain = domain
    this.#encode = domain.columns.map(columnEncoder)
    this.#room = Math.max(16, options.room ?? 4096)
    this.#columns = domain.columns.map((c) => codesFor(sizeOf(c), this.#room))
  }

  /**
   * One row, its values in the order of the domain's columns. Throws SynthesisError `wrong_width`, or
   * `undeclared_value` with column and row for a value that is not declared and has no `other` or `missing` to go to;
   * the row then does not count.
   */
  add(values: readonly string[]): void {
    if (values.length !== this.#columns.length)
      throw new SynthesisError(
        'wrong_width',
        `Row ${this.#rows + 1} has ${values.length} values; the table has ${this.#columns.length} columns`,
        { row: this.#rows + 1 },
      )
    if (this.#rows === this.#room) this.#grow()
    for (let i = 0; i < values.length; i++) {
      const code = this.#encode[i]!(values[i]!)
      if (code < 0) {
        const column = this.#domain.columns[i]!.name
        throw new SynthesisError(
          'undeclared_value',
          `Row ${this.#rows + 1} has a value in column “${column}” that is not declared, and the column is neither open nor may be missing`,
          { column, row: this.#rows + 1 },
        )
      }
      this.#columns[i]![this.#rows] = code
    }
    this.#rows++
  }

  #grow(): void {
    this.#room *= 2
    for (const [column, old] of this.#columns.entries()) {
      const wider = codesFor(sizeOf(this.#domain.columns[column]!), this.#room)
      wider.set(old)
      this.#columns[column] = wider
    }
  }

  /** What was added so far. The arrays are views: add nothing afterwards. */
  table(): Table {
    return { rows: this.#rows, columns: this.#columns.map((c) => c.subarray(0, this.#rows)) }
  }
}

/**
 * Checks that a table fits a domain: number of columns, lengths, every code below its column's size. Throws
 * SynthesisError `wrong_table`, with the column where one is to blame.
 */
export function checkTable(table: Table, domain: Domain): void {
  if (table.columns.length !== domain.columns.length)
    throw new SynthesisError(
      'wrong_table',
      `The data has ${table.columns.length} columns; the domain declares ${domain.columns.length}`,
    )
  for (const [index, column] of domain.columns.entries()) {
    const codes = table.columns[index]!
    const size = sizeOf(column)
    if (codes.length !== table.rows)
      throw new SynthesisError('wrong_table', `Column “${column.name}” has another number of rows than the table`, {
        column: column.name,
      })
    for (let row = 0; row < codes.length; row++)
      if (codes[row]! >= size)
        throw new SynthesisError('wrong_table', `Column “${column.name}” has a code outside its domain`, {
          column: column.name,
        })
  }
}
