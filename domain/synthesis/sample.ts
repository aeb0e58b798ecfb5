/**
 * Rows from a fitted model with as little chance as possible: within every group of rows that agree so far, the next
 * columns are given out by systematic sampling, so that each combination is had by its expected number of rows, rounded
 * up or down, and so is each run of neighbouring combinations.
 */
import { type Codes, codesFor } from './encode.ts'
import { cellsOf } from './marginals.ts'
import type { Model } from './model.ts'
import type { Stream } from './stream.ts'

/**
 * Gives `rows` (a range of `order`) cells in proportion to `weights[at + cell * step]`, cell 0..cells-1; every count is
 * its expectation rounded up or down.
 */
export function allot(
  order: Uint32Array,
  from: number,
  to: number,
  weights: ArrayLike<number>,
  at: number,
  cells: number,
  into: Uint32Array,
  stream: Stream,
): void {
  let sum = 0
  for (let i = 0; i < cells; i++) sum += weights[at + i]!
  const n = to - from
  const step = sum > 0 ? n / sum : 0
  let upTo = stream.unit()
  let next = from
  for (let i = 0; i < cells && next < to; i++) {
    upTo += sum > 0 ? weights[at + i]! * step : n / cells
    for (const end = Math.min(to, from + Math.floor(upTo)); next < end; next++) into[order[next]!] = i
  }
  // Rounding may leave the last row over; it goes where the mass is.
  if (next < to) {
    let last = cells - 1
    while (last > 0 && sum > 0 && !(weights[at + last]! > 0)) last--
    for (; next < to; next++) into[order[next]!] = last
  }
}

/** Rows grouped by a key, in random order within each group: `order`, and where each group starts. */
export function grouped(
  keys: Uint32Array,
  groups: number,
  stream: Stream,
): { order: Uint32Array; starts: Uint32Array } {
  const n = keys.length
  const shuffled = new Uint32Array(n)
  for (let r = 0; r < n; r++) shuffled[r] = r
  stream.shuffle(shuffled)
  const starts = new Uint32Array(groups + 1)
  for (let r = 0; r < n; r++) starts[keys[r]! + 1]!++
  for (let g = 0; g < groups; g++) starts[g + 1]! += starts[g]!
  const next = starts.slice()
  const order = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    const r = shuffled[i]!
    order[next[keys[r]!]!++] = r
  }
  return { order, starts }
}

/** Codes of `rows` rows over the model's columns. */
export function sampleModel(model: Model, rows: number, stream: Stream): Codes[] {
  const { sizes, forest } = model
  const out = sizes.map((s) => codesFor(s, rows))
  const done = new Set<number>()
  const visited = new Set<number>()
  const keys = new Uint32Array(rows)
  const cell = new Uint32Array(rows)
  const visit = (c: number): void => {
    visited.add(c)
    const columns = forest.cliques[c]!
    const known = columns.filter((x) => done.has(x))
    const fresh = columns.filter((x) => !done.has(x))
    if (fresh.length) {
      const groups = cellsOf(known, sizes)
      const cells = cellsOf(fresh, sizes)
      // known columns first, so that each group's weights lie together
      const p = model.projection(columns, [...known, ...fresh])
      const belief = model.belief(c)
      const weights = new Float64Array(belief.length)
      for (let i = 0; i < p.length; i++) weights[p[i]!] = belief[i]!
      keys.fill(0)
      for (const x of known) {
        const codes = out[x]!
        const size = sizes[x]!
        for (let r = 0; r < rows; r++) keys[r] = keys[r]! * size + codes[r]!
      }
      const { order, starts } = grouped(keys, groups, stream)
      for (let g = 0; g < groups; g++)
        if (starts[g]! < starts[g + 1]!)
          allot(order, starts[g]!, starts[g + 1]!, weights, g * cells, cells, cell, stream)
      for (const x of [...fresh].reverse()) {
        const codes = out[x]!
        const size = sizes[x]!
        for (let r = 0; r < rows; r++) {
          const k = cell[r]!
          const q = Math.floor(k / size)
          codes[r] = k - q * size
          cell[r] = q
        }
      }
      for (const x of fresh) done.add(x)
    }
    for (const e of forest.edges) {
      if (e.a === c && !visited.has(e.b)) visit(e.b)
      else if (e.b === c && !visited.has(e.a)) visit(e.a)
    }
  }
  for (let c = 0; c < forest.cliques.length; c++) if (!visited.has(c)) visit(c)
  return out
}
