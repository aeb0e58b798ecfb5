/**
 * Projections between tables: for every cell of a table over some columns, the cell of a table over fewer of them.
 * Built once and kept, as inference uses them in every step.
 */
import { cellsOf } from './marginals.ts'

/** For each cell of the finer table, the number of its cell in the coarser one. */
export type Projection = Uint16Array | Uint32Array

/**
 * For each cell of the row-major table over `columns`, its cell in the table over `onto` (a subset, in its own order).
 * `sizes` are those of all columns.
 */
export function projection(columns: readonly number[], onto: readonly number[], sizes: readonly number[]): Projection {
  const cells = cellsOf(columns, sizes)
  const target = cellsOf(onto, sizes)
  const cellOf = target <= 0x10000 ? new Uint16Array(cells) : new Uint32Array(cells)
  const strides = stridesOf(columns, onto, sizes)
  // Doubling: the block of the last axes is known, the next axis repeats it with an offset.
  let block = 1
  for (let axis = columns.length - 1; axis >= 0; axis--) {
    const size = sizes[columns[axis]!]!
    for (let code = 1; code < size; code++) {
      const start = code * block
      const offset = code * strides[axis]!
      for (let i = 0; i < block; i++) cellOf[start + i] = cellOf[i]! + offset
    }
    block *= size
  }
  return cellOf
}

/** By how many cells of the table over `onto` a step in each of `columns` moves; 0 for those that are summed over. */
function stridesOf(columns: readonly number[], onto: readonly number[], sizes: readonly number[]): Float64Array {
  const strides = new Float64Array(columns.length)
  let stride = 1
  for (const column of onto.toReversed()) {
    strides[columns.indexOf(column)] = stride
    stride *= sizes[column]!
  }
  return strides
}

/** Keeps projections by what they are between; forgets the oldest beyond `bytes`. */
export class Projections {
  readonly #sizes: readonly number[]
  readonly #kept = new Map<string, Projection>()
  readonly #most: number
  #bytes = 0

  constructor(sizes: readonly number[], bytes: number) {
    this.#sizes = sizes
    this.#most = bytes
  }

  /** The projection from a table over `columns` onto one over `onto`, a subset of them. */
  get(columns: readonly number[], onto: readonly number[]): Projection {
    const key = `${columns.join()}>${onto.join()}`
    const known = this.#kept.get(key)
    if (known) {
      // The newest stands last.
      this.#kept.delete(key)
      this.#kept.set(key, known)
      return known
    }
    const made = projection(columns, onto, this.#sizes)
    this.#kept.set(key, made)
    this.#bytes += made.byteLength
    this.#forgetOldest(key)
    return made
  }

  #forgetOldest(newest: string): void {
    for (const [key, old] of this.#kept) {
      if (this.#bytes <= this.#most || key === newest) return
      this.#kept.delete(key)
      this.#bytes -= old.byteLength
    }
  }
}

/** Sums a table over what the projection leaves out; `out` is overwritten. */
export function sumInto(out: Float64Array, table: Float64Array, cellOf: Projection): void {
  out.fill(0)
  for (let i = 0; i < table.length; i++) out[cellOf[i]!]! += table[i]!
}

/** Multiplies each cell of the table, in place, by the factor of its projection. */
export function multiply(table: Float64Array, factor: Float64Array, cellOf: Projection): void {
  for (let i = 0; i < table.length; i++) table[i]! *= factor[cellOf[i]!]!
}

/** Both at once, one pass over memory: multiply by `factor`, then sum onto another projection. */
export function multiplyAndSum(
  table: Float64Array,
  factor: Float64Array,
  factorCellOf: Projection,
  out: Float64Array,
  outCellOf: Projection,
): void {
  out.fill(0)
  for (let i = 0; i < table.length; i++) {
    const value = table[i]! * factor[factorCellOf[i]!]!
    table[i] = value
    out[outCellOf[i]!]! += value
  }
}
