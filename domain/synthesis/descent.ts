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

/** The rows that are moved, codes by column, and how many codes each column has. */
interface Records {
  data: readonly Codes[]
  sizes: readonly number[]
  rows: number
}

/**
 * One marginal seen from one of its columns, which varies fastest: residual (wanted - had) times weight for each cell.
 */
interface View {
  others: number[]
  residual: Float64Array
  allowed: Uint8Array | undefined
}
/** A marginal with one view for each of its columns. Weight 0: a rule, which only forbids. */
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

function nearOf(column: number, target: Target, { data, sizes }: Records): Near {
  const view = target.views[target.columns.indexOf(column)]!
  const [other] = view.others
  const pair = target.columns.length === 2
  return {
    target,
    view,
    residual: view.residual,
    weight: target.weight,
    allowed: view.allowed,
    other: pair ? data[other!] : undefined,
    twin: pair ? target.views[target.columns.indexOf(other!)]!.residual : undefined,
    otherSize: pair ? sizes[other!]! : 0,
  }
}

/** A change of one row's value in one column. */
interface Move {
  column: number
  row: number
  from: number
  to: number
}

/** Brings a move into the residuals of a target; the row's code itself stays as it is. */
function bringIn({ column, row, from, to }: Move, near: Near, { data, sizes }: Records): void {
  const { weight } = near
  if (weight === 0) return
  const codes = data[column]!
  if (near.other) {
    const other = near.other[row]!
    const twin = near.twin!
    const start = other * sizes[column]!
    near.residual[start + from]! += weight
    near.residual[start + to]! -= weight
    twin[from * near.otherSize + other]! += weight
    twin[to * near.otherSize + other]! -= weight
    return
  }
  for (const [index, view] of near.target.views.entries()) {
    const last = near.target.columns[index]!
    codes[row] = from
    view.residual[base(view, data, sizes, row) * sizes[last]! + data[last]![row]!]! += weight
    codes[row] = to
    view.residual[base(view, data, sizes, row) * sizes[last]! + data[last]![row]!]! -= weight
  }
  codes[row] = from
}

/** Index of a row in a view, without the last column. */
const base = (view: View, data: readonly Codes[], sizes: readonly number[], row: number): number => {
  let at = 0
  for (let i = 0; i < view.others.length; i++) at = at * sizes[view.others[i]!]! + data[view.others[i]!]![row]!
  return at
}

/** A marginal as it is wanted, in rows, or a rule's table of what may be. */
interface Wanted {
  columns: readonly number[]
  weight: number
  values?: Float64Array
  allowed?: Uint8Array
}

function targetOf(wanted: Wanted, records: Records): Target {
  const { columns, weight } = wanted
  return { columns: [...columns], weight, views: columns.map((column) => viewOf(column, wanted, records)) }
}

/** The view from one column: the wanted table with that column last, less the rows that are there. */
function viewOf(column: number, { columns, values, weight, allowed }: Wanted, { data, sizes, rows }: Records): View {
  const others = columns.filter((one) => one !== column)
  const order = [...others, column]
  const residual = new Float64Array(cellsOf(columns, sizes))
  const mask = allowed && new Uint8Array(residual.length)
  const codes = columns.map(() => 0)
  for (let i = 0; i < residual.length; i++) {
    let at = 0
    for (const one of order) at = at * sizes[one]! + codes[columns.indexOf(one)]!
    residual[at] = values ? values[i]! * weight : 0
    if (mask) mask[at] = allowed[i]!
    advance(codes, columns, sizes)
  }
  const view = { others, residual, allowed: mask }
  if (!values) return view
  const size = sizes[column]!
  for (let row = 0; row < rows; row++) residual[base(view, data, sizes, row) * size + data[column]![row]!]! -= weight
  return view
}

/** The next combination of codes in row-major order. */
function advance(codes: number[], columns: readonly number[], sizes: readonly number[]): void {
  for (let i = codes.length - 1; i >= 0; i--) {
    if (++codes[i]! < sizes[columns[i]!]!) return
    codes[i] = 0
  }
}

/** How long to go on: sweeps over all columns, and the part of rows that each looks at. */
export interface DescentEffort {
  sweeps: number
  part: number
  /** Ends when a sweep changes fewer than this part of all values. */
  tolerance: number
}

/**
 * Changes `data` in place (codes by column). Answers are scaled from `total` to the number of rows there. Moves into
 * impossible combinations are never made. Answers the number of changes.
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
  const rows = data[0]!.length
  if (rows === 0) return 0
  const records: Records = { data, sizes, rows }
  const scale = rows / total
  const leastSigma = Math.min(...answers.map((answer) => answer.sigma))
  const wanted: Wanted[] = [
    ...answers.map(({ columns, values, sigma }) => ({
      columns,
      values: values.map((count) => count * scale),
      weight: (leastSigma / sigma) ** 2,
    })),
    ...allowed.map(({ columns, cells }) => ({ columns, allowed: cells, weight: 0 })),
  ]
  const targets = wanted.map((one) => targetOf(one, records))
  const near = data.map((_, column) =>
    targets.filter((target) => target.columns.includes(column)).map((target) => nearOf(column, target, records)),
  )
  let changes = 0
  for (let sweep = 0; sweep < effort.sweeps; sweep++) {
    let changed = 0
    const columns = Uint32Array.from({ length: data.length }, (_, i) => i)
    stream.shuffle(columns)
    for (const column of columns) changed += descendColumn(column, near[column]!, records, effort.part, stream)
    changes += changed
    if (changed < effort.tolerance * rows * data.length) break
  }
  return changes
}

/** One pass over a part of the rows in one column; answers the number of changes. */
function descendColumn(column: number, here: readonly Near[], records: Records, part: number, stream: Stream): number {
  const { data, sizes, rows } = records
  const size = sizes[column]!
  const codes = data[column]!
  if (size < 2 || here.length === 0) return 0
  // By how much a move alone lowers the score of the value it goes to.
  const price = here.reduce((sum, near) => sum + near.weight, 0)
  const score = new Float64Array(size)
  // A different stride in every pass, so that no block of rows is always first.
  const looks = Math.max(1, Math.round(rows * part))
  const start = stream.below(rows)
  const stride = coprime(rows, stream)
  let changed = 0
  for (let look = 0, row = start; look < looks; look++, row = (row + stride) % rows) {
    score.fill(0)
    for (let i = 0; i < here.length; i++) {
      const { residual, other, allowed: mask, view } = here[i]!
      const from = (other ? other[row]! : base(view, data, sizes, row)) * size
      for (let value = 0; value < size; value++) score[value]! += residual[from + value]!
      if (mask) for (let value = 0; value < size; value++) if (mask[from + value] === 0) score[value] = -Infinity
    }
    const old = codes[row]!
    let best = old
    let top = score[old]! + price
    for (let value = 0; value < size; value++)
      if (score[value]! > top) {
        top = score[value]!
        best = value
      }
    if (best === old) continue
    changed++
    const move = { column, row, from: old, to: best }
    for (let i = 0; i < here.length; i++) bringIn(move, here[i]!, records)
    codes[row] = best
  }
  return changed
}

/** A step through 0..n-1 that reaches all of them. */
function coprime(count: number, stream: Stream): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
  for (;;) {
    const step = 1 + stream.below(count)
    if (gcd(step, count) === 1) return step
  }
}
