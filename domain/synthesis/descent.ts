/**
 * Rows moved until their marginals match noisy ones: the gradual update of PrivSyn (Zhang et al. 2021, section 4) as a
 * descent on records. A row's value in one column is changed to the one that lowers the weighted squared distance most,
 * over all measured marginals at once, one-way ones among them; so one-way counts do not drift, and tables that are not
 * negative come out by themselves. Works where the measured pairs are too dense for a junction tree.
 */
import type { Answer } from './consistency.ts'
import type { Codes } from './encode.ts'
import { cellsOf } from './marginals.ts'
import type { Allowed } from './rules.ts'
import type { Stream } from './stream.ts'

/**
 * One measured marginal seen from one of its columns, which varies fastest: residual (wanted - had) times weight for
 * each cell.
 */
interface View {
  others: number[]
  residual: Float64Array
  allowed: Uint8Array | undefined
}
/** A marginal with one view for each of its columns. */
interface Target {
  columns: number[]
  weight: number
  views: View[]
}

/**
 * What a change of a row's value in one column has to look at, for one target: `residual` (and `allowed`) have that
 * column last. Most targets are pairs; for those `other` is the second column's codes and `twin` the same residuals
 * with that column last.
 */
interface Near {
  target: Target
  view: View
  residual: Float64Array
  weight: number
  allowed: Uint8Array | undefined
  other: Codes | undefined
  twin: Float64Array | undefined
  otherSize: number
}

function nearOf(column: number, t: Target, data: readonly Codes[], sizes: readonly number[]): Near {
  const view = t.views[t.columns.indexOf(column)]!
  const [other] = view.others
  const pair = t.columns.length === 2
  return {
    target: t,
    view,
    residual: view.residual,
    weight: t.weight,
    allowed: view.allowed,
    other: pair ? data[other!] : undefined,
    twin: pair ? t.views[t.columns.indexOf(other!)]!.residual : undefined,
    otherSize: pair ? sizes[other!]! : 0,
  }
}

/** Moves row `r` from `old` to `best` in the residuals of a target; `codes` are the column's, `size` its size. */
function move(
  h: Near,
  codes: Codes,
  size: number,
  r: number,
  old: number,
  best: number,
  data: readonly Codes[],
  sizes: readonly number[],
): void {
  const { weight } = h
  if (weight === 0) return
  if (h.other) {
    const o = h.other[r]!
    const twin = h.twin!
    const from = o * size
    h.residual[from + old]! += weight
    h.residual[from + best]! -= weight
    twin[old * h.otherSize + o]! += weight
    twin[best * h.otherSize + o]! -= weight
    return
  }
  for (const [i, view] of h.target.views.entries()) {
    const last = h.target.columns[i]!
    codes[r] = old
    view.residual[base(view, data, sizes, r) * sizes[last]! + data[last]![r]!]! += weight
    codes[r] = best
    view.residual[base(view, data, sizes, r) * sizes[last]! + data[last]![r]!]! -= weight
  }
  codes[r] = old
}

/** Index of a row in a view, without the last column. */
const base = (v: View, data: readonly Codes[], sizes: readonly number[], r: number): number => {
  let at = 0
  for (let i = 0; i < v.others.length; i++) at = at * sizes[v.others[i]!]! + data[v.others[i]!]![r]!
  return at
}

function targetOf(
  columns: readonly number[],
  values: Float64Array | undefined,
  weight: number,
  allowed: Uint8Array | undefined,
  data: readonly Codes[],
  sizes: readonly number[],
): Target {
  const rows = data[0]!.length
  const views = columns.map((c): View => {
    const others = columns.filter((x) => x !== c)
    const order = [...others, c]
    const residual = new Float64Array(cellsOf(columns, sizes))
    const mask = allowed && new Uint8Array(residual.length)
    const digits = columns.map(() => 0)
    for (let i = 0; i < residual.length; i++) {
      let at = 0
      for (const x of order) at = at * sizes[x]! + digits[columns.indexOf(x)]!
      residual[at] = values ? values[i]! * weight : 0
      if (mask) mask[at] = allowed[i]!
      for (let k = digits.length - 1; k >= 0; k--) {
        if (++digits[k]! < sizes[columns[k]!]!) break
        digits[k] = 0
      }
    }
    const v = { others, residual, allowed: mask }
    if (values) for (let r = 0; r < rows; r++) residual[base(v, data, sizes, r) * sizes[c]! + data[c]![r]!]! -= weight
    return v
  })
  return { columns: [...columns], weight, views }
}

/** How long to go on: sweeps over all columns, and the part of rows that each looks at. */
export interface DescentEffort {
  sweeps: number
  part: number
  /** Ends when a sweep changes fewer than this part of all values. */
  tolerance: number
}

/**
 * Changes `data` in place (codes by column). Answers are scaled to the number of rows there. Moves into impossible
 * combinations are never made. Answers the number of changes.
 */
export function descend(
  data: Codes[],
  answers: readonly Answer[],
  sizes: readonly number[],
  allowed: readonly Allowed[],
  total: number,
  effort: DescentEffort,
  stream: Stream,
): number {
  const d = data.length
  const rows = data[0]!.length
  if (rows === 0) return 0
  const scale = rows / total
  const least = Math.min(...answers.map((a) => a.sigma))
  const targets = [
    ...answers.map((a) =>
      targetOf(
        a.columns,
        a.values.map((x) => x * scale),
        (least / a.sigma) ** 2,
        undefined,
        data,
        sizes,
      ),
    ),
    ...allowed.map((a) => targetOf(a.columns, undefined, 0, a.cells, data, sizes)),
  ]
  const near = Array.from({ length: d }, (_, c) =>
    targets.flatMap((t) => (t.columns.includes(c) ? [nearOf(c, t, data, sizes)] : [])),
  )
  let changes = 0
  for (let sweep = 0; sweep < effort.sweeps; sweep++) {
    let changed = 0
    const columns = Uint32Array.from({ length: d }, (_, i) => i)
    stream.shuffle(columns)
    for (const c of columns) {
      const here = near[c]!
      const size = sizes[c]!
      const codes = data[c]!
      if (size < 2 || here.length === 0) continue
      const price = here.reduce((n, h) => n + h.weight, 0)
      const score = new Float64Array(size)
      // A different stride in every pass, so that no block of rows is always first.
      const looks = Math.max(1, Math.round(rows * effort.part))
      const start = stream.below(rows)
      const step = coprime(rows, stream)
      for (let k = 0, r = start; k < looks; k++, r = (r + step) % rows) {
        score.fill(0)
        for (let h = 0; h < here.length; h++) {
          const { residual, other, allowed: mask, view } = here[h]!
          const from = (other ? other[r]! : base(view, data, sizes, r)) * size
          for (let v = 0; v < size; v++) score[v]! += residual[from + v]!
          if (mask) for (let v = 0; v < size; v++) if (mask[from + v] === 0) score[v] = -Infinity
        }
        const old = codes[r]!
        let best = old
        let top = score[old]! + price
        for (let v = 0; v < size; v++)
          if (score[v]! > top) {
            top = score[v]!
            best = v
          }
        if (best === old) continue
        changed++
        for (let h = 0; h < here.length; h++) move(here[h]!, codes, size, r, old, best, data, sizes)
        codes[r] = best
      }
    }
    changes += changed
    if (changed < effort.tolerance * rows * d) break
  }
  return changes
}

/** A step through 0..n-1 that reaches all of them. */
function coprime(n: number, stream: Stream): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  for (;;) {
    const s = 1 + stream.below(n)
    if (gcd(s, n) === 1) return s
  }
}
