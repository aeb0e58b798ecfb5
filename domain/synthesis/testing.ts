/** For tests: a fixed stream of bytes in place of the CSPRNG, and small tables. */
import { Uniform } from '../privacy/randomness.ts'
import type { Domain } from './column-domain.ts'
import { type Codes, codesFor, type Table } from './encode.ts'

/** splitmix32 of a seed, as bytes. */
export function fixedUniform(seed: number): Uniform {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  return new Uniform((bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      state = (state + 0x9e3779b9) >>> 0
      let x = state
      x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
      x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
      bytes[i] = (x ^ (x >>> 15)) >>> 11
    }
  })
}

/** Categorical columns a, b, c, ... of the sizes given. */
export const categorical = (sizes: readonly number[]): Domain => ({
  columns: sizes.map((s, i) => ({
    kind: 'categorical',
    name: String.fromCharCode(97 + i),
    categories: Array.from({ length: s }, (_, k) => `v${k}`),
  })),
})

/** Rows of codes to a table. */
export function tableOf(rows: readonly (readonly number[])[], sizes: readonly number[]): Table {
  const columns: Codes[] = sizes.map((s) => codesFor(s, rows.length))
  for (const [r, row] of rows.entries()) for (const [c, v] of row.entries()) columns[c]![r] = v
  return { rows: rows.length, columns }
}

/** A chain of columns, each mostly a function of the one before: something for a method to find. */
export function chainTable(rows: number, sizes: readonly number[], seed: number): Table {
  const u = fixedUniform(seed)
  return tableOf(
    Array.from({ length: rows }, () => {
      const row: number[] = []
      for (const [c, s] of sizes.entries())
        row.push(c > 0 && u.below(10) < 8 ? row[c - 1]! % s : Math.min(u.below(s), u.below(s)))
      return row
    }),
    sizes,
  )
}
