/**
 * Projections between tables: for every cell of a table over some columns, the cell of a table over fewer of them.
 * Built once and kept, as inference uses them in every step.
 */
import { cellsOf } from './marginals.ts'

export type Projection = Uint16Array | Uint32Array

/**
 * For each cell of the row-major table over `columns`, its cell in the table over `onto` (a subset, in its own order).
 */
export function projection(columns: readonly number[], onto: readonly number[], sizes: readonly number[]): Projection {
  const cells = cellsOf(columns, sizes)
  const target = cellsOf(onto, sizes)
  const out = target <= 0x10000 ? new Uint16Array(cells) : new Uint32Array(cells)
  const stride = new Float64Array(columns.length)
  for (let i = onto.length - 1, s = 1; i >= 0; i--) {
    stride[columns.indexOf(onto[i]!)] = s
    s *= sizes[onto[i]!]!
  }
  // Doubling: the block of the last axes is known, the next axis repeats it with an offset.
  let block = 1
  for (let a = columns.length - 1; a >= 0; a--) {
    const size = sizes[columns[a]!]!
    const step = stride[a]!
    for (let v = 1; v < size; v++) {
      const at = v * block
      const offset = v * step
      for (let i = 0; i < block; i++) out[at + i] = out[i]! + offset
    }
    block *= size
  }
  return out
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

  get(columns: readonly number[], onto: readonly number[]): Projection {
    const key = `${columns.join()}>${onto.join()}`
    let p = this.#kept.get(key)
    if (p) this.#kept.delete(key)
    else {
      p = projection(columns, onto, this.#sizes)
      this.#bytes += p.byteLength
    }
    this.#kept.set(key, p)
    for (const [k, old] of this.#kept) {
      if (this.#bytes <= this.#most || k === key) break
      this.#kept.delete(k)
      this.#bytes -= old.byteLength
    }
    return p
  }
}

/** Sums a table over what the projection leaves out. */
export function sumInto(out: Float64Array, table: Float64Array, p: Projection): void {
  out.fill(0)
  for (let i = 0; i < table.length; i++) out[p[i]!]! += table[i]!
}

/** Multiplies each cell by the factor of its projection. */
export function multiply(table: Float64Array, factor: Float64Array, p: Projection): void {
  for (let i = 0; i < table.length; i++) table[i]! *= factor[p[i]!]!
}

/** Both at once, one pass over memory: multiply by `factor`, then sum onto another projection. */
export function multiplyAndSum(
  table: Float64Array,
  factor: Float64Array,
  p: Projection,
  out: Float64Array,
  q: Projection,
): void {
  out.fill(0)
  for (let i = 0; i < table.length; i++) {
    const x = table[i]! * factor[p[i]!]!
    table[i] = x
    out[q[i]!]! += x
  }
}
