/** For tests: a fixed stream of bytes in place of the CSPRNG, and small tables. */
import { Uniform } from '../../privacy/randomness.ts'
import type { Domain } from '../column-domain.ts'
import { type Codes, codesFor, type Table } from '../encode.ts'
import { SynthesisError } from '../errors.ts'

/** splitmix32 of a seed, as bytes. */
export function fixedUniform(seed: number): Uniform {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  return new Uniform((bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      state = (state + 0x9e3779b9) >>> 0
      let hash = state
      hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
      hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97)
      bytes[i] = (hash ^ (hash >>> 15)) >>> 11
    }
  })
}

/** Categorical columns a, b, c, ... of the sizes given. */
export const categorical = (sizes: readonly number[]): Domain => ({
  columns: sizes.map((size, column) => ({
    kind: 'categorical',
    name: String.fromCharCode(97 + column),
    categories: Array.from({ length: size }, (_, k) => `v${k}`),
  })),
})

/** Rows of codes to a table. */
export function tableOf(rows: readonly (readonly number[])[], sizes: readonly number[]): Table {
  const columns: Codes[] = sizes.map((s) => codesFor(s, rows.length))
  for (const [rowNumber, row] of rows.entries())
    for (const [column, code] of row.entries()) columns[column]![rowNumber] = code
  return { rows: rows.length, columns }
}

/** A chain of columns, each mostly a function of the one before: something for a method to find. */
export function chainTable(rows: number, sizes: readonly number[], seed: number): Table {
  const random = fixedUniform(seed)
  return tableOf(
    Array.from({ length: rows }, () => {
      const row: number[] = []
      for (const [column, size] of sizes.entries())
        row.push(
          column > 0 && random.below(10) < 8
            ? row[column - 1]! % size
            : Math.min(random.below(size), random.below(size)),
        )
      return row
    }),
    sizes,
  )
}

/** The refusal that the work ends in; throws when it does not. */
export function fault(work: () => unknown): SynthesisError {
  try {
    work()
  } catch (e) {
    if (e instanceof SynthesisError) return e
  }
  throw new Error('no refusal')
}
