/**
 * Complementary suppression: no suppressed cell of an additive table may be recomputed from what is released.
 *
 * A table is a set of cells and the equations between them (a margin is the sum of its cells; a total of margins, and
 * so on). A suppressed cell is exposed when the released cells determine it: when its unit vector lies in the row space
 * of the equations restricted to suppressed cells. That covers chains of margins in any number of dimensions, which
 * "two per row and column" does not. Cells that can be narrowed to one value because counts are not negative are found
 * by bound propagation.
 */

/** One equation: `total` is the sum of `parts` (indices of cells). */
export interface Equation {
  total: number
  parts: readonly number[]
}

// Arithmetic modulo a prime just under 2^26: products stay exact in doubles. A wrong rank would need the prime to
// divide a minor of a matrix of -1, 0 and 1; it could then only hide nothing, as fewer pivots expose fewer cells than a
// second prime would show.
const primes = [67_108_859, 67_108_837] as const

/** `base` to a whole power, modulo `prime`. */
function power(base: number, exponent: number, prime: number): number {
  let result = 1
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * square) % prime
    square = (square * square) % prime
  }
  return result
}

/** A row of a sparse matrix: values other than zero by column. */
type Row = Map<number, number>

/** Takes `factor` times another row from a row, modulo `prime`. */
function subtract(row: Row, other: Row, factor: number, prime: number): void {
  for (const [column, value] of other) {
    const next = ((row.get(column) ?? 0) + (prime - factor) * value) % prime
    if (next === 0) row.delete(column)
    else row.set(column, next)
  }
}

/** The equations over suppressed cells alone: what they add up to is known. */
function matrixOf(suppressed: readonly number[], equations: readonly Equation[], prime: number): Row[] {
  const columns = new Map(suppressed.map((cell, column) => [cell, column]))
  const rowOf = ({ total, parts }: Equation): Row => {
    const row: Row = new Map()
    for (const cell of parts) if (columns.has(cell)) row.set(columns.get(cell)!, 1)
    if (columns.has(total)) row.set(columns.get(total)!, prime - 1)
    return row
  }
  return equations.map(rowOf).filter((row) => row.size > 0)
}

/** Suppressed cells that the equations determine exactly, by reduced row echelon form modulo `prime`. */
function determinedModulo(suppressed: readonly number[], equations: readonly Equation[], prime: number): number[] {
  /** Rows by the column in which they alone are not zero. */
  const pivots = new Map<number, Row>()
  for (const row of matrixOf(suppressed, equations, prime)) {
    for (const [column, pivot] of pivots) {
      const factor = row.get(column)
      if (factor !== undefined) subtract(row, pivot, factor, prime)
    }
    const lead = row.keys().next().value
    if (lead === undefined) continue
    // By Fermat's little theorem, the power p - 2 is the inverse.
    const inverse = power(row.get(lead)!, prime - 2, prime)
    for (const [column, value] of row) row.set(column, (value * inverse) % prime)
    for (const pivot of pivots.values()) {
      const factor = pivot.get(lead)
      if (factor !== undefined) subtract(pivot, row, factor, prime)
    }
    pivots.set(lead, row)
  }
  const alone = [...pivots.values()].filter((row) => row.size === 1)
  return alone.map((row) => suppressed[row.keys().next().value!]!)
}

/** Rounds of bound propagation; each can only tighten. */
const mostRounds = 50

/** What a reader knows of suppressed cells: bounds that the released cells and non-negativity give them. */
class KnownBounds {
  readonly #values: readonly number[]
  readonly #low = new Map<number, number>()
  readonly #high = new Map<number, number>()
  constructor(values: readonly number[], suppressed: ReadonlySet<number>) {
    this.#values = values
    for (const cell of suppressed) {
      this.#low.set(cell, 0)
      this.#high.set(cell, Infinity)
    }
  }

  low(cell: number): number {
    return this.#low.get(cell) ?? this.#values[cell]!
  }
  high(cell: number): number {
    return this.#high.get(cell) ?? this.#values[cell]!
  }

  /** Whether the bounds say more of a suppressed cell than was known. */
  tighten(cell: number, low: number, high: number): boolean {
    if (!this.#low.has(cell)) return false
    const isHigher = low > this.low(cell)
    const isLower = high < this.high(cell)
    if (isHigher) this.#low.set(cell, low)
    if (isLower) this.#high.set(cell, high)
    return isHigher || isLower
  }

  /** What an equation says of each of its cells, given the bounds of the others; whether it said anything new. */
  propagate({ total, parts }: Equation): boolean {
    const sumLow = parts.reduce((sum, part) => sum + this.low(part), 0)
    const sumHigh = parts.reduce((sum, part) => sum + this.high(part), 0)
    let changed = this.tighten(total, sumLow, sumHigh)
    for (const part of parts) {
      const othersHigh = parts.reduce((sum, other) => (other === part ? sum : sum + this.high(other)), 0)
      const othersLow = sumLow - this.low(part)
      if (this.tighten(part, this.low(total) - othersHigh, this.high(total) - othersLow)) changed = true
    }
    return changed
  }
}

/** Suppressed cells that non-negativity pins to one value, given the released values. */
function pinned(values: readonly number[], suppressed: ReadonlySet<number>, equations: readonly Equation[]): number[] {
  const bounds = new KnownBounds(values, suppressed)
  for (let round = 0; round < mostRounds; round++) {
    let changed = false
    for (const equation of equations) if (bounds.propagate(equation)) changed = true
    if (!changed) break
  }
  return [...suppressed].filter((cell) => bounds.low(cell) === bounds.high(cell))
}

/** Suppressed cells that a reader of the released cells can work out. `values` are the true values, not negative. */
export function exposed(
  values: readonly number[],
  suppressed: ReadonlySet<number>,
  equations: readonly Equation[],
): Set<number> {
  const cells = [...suppressed]
  return new Set([
    ...primes.flatMap((prime) => determinedModulo(cells, equations, prime)),
    ...pinned(values, suppressed, equations),
  ])
}

/**
 * Adds cells to `primary` until no primary cell is exposed. An exposed cell hangs on equations in which only one cell
 * is suppressed (its own, or one further along the chain): the next cell is the one that closes most of those at once,
 * then a part before a total, then the smallest positive value. Undefined when nothing is left to add: the table is
 * then blocked as a whole. Cells in `known` can be had elsewhere, and are never chosen.
 */
export function suppress(
  values: readonly number[],
  primary: ReadonlySet<number>,
  equations: readonly Equation[],
  known: ReadonlySet<number> = new Set(),
): Set<number> | undefined {
  const hidden = new Set(primary)
  const cellsOf = equations.map(({ parts, total }) => [...parts, total])
  const totals = new Set(equations.map(({ total }) => total))
  const order = { values, totals }
  for (;;) {
    const open = new Set([...exposed(values, hidden, equations)].filter((cell) => primary.has(cell)))
    if (open.size === 0) return hidden
    const next = nextCell(open, hidden, known, cellsOf, order)
    if (next === undefined) return undefined
    hidden.add(next)
  }
}

/** The cell to hide next so that `open` cells are no longer exposed; undefined when there is none. */
function nextCell(
  open: ReadonlySet<number>,
  hidden: ReadonlySet<number>,
  known: ReadonlySet<number>,
  cellsOf: readonly (readonly number[])[],
  { values, totals }: { values: readonly number[]; totals: ReadonlySet<number> },
): number | undefined {
  const reached = chain(open, hidden, cellsOf)
  const alone = reached.filter((cells) => cells.filter((cell) => hidden.has(cell)).length === 1)
  const closing = [alone, reached, cellsOf].find((equations) => equations.length > 0) ?? []
  const isFree = (cell: number): boolean => !hidden.has(cell) && !known.has(cell)
  const closes = new Map<number, number>()
  for (const cell of closing.flat()) if (isFree(cell)) closes.set(cell, (closes.get(cell) ?? 0) + 1)
  // Where none of those can be hidden, any other may help.
  const candidates = closes.size > 0 ? [...closes.keys()] : [...new Set(cellsOf.flat().filter(isFree))]
  const byPreference = (first: number, second: number): number =>
    (closes.get(second) ?? 0) - (closes.get(first) ?? 0) ||
    Number(totals.has(first)) - Number(totals.has(second)) ||
    Number(values[first] === 0) - Number(values[second] === 0) ||
    values[first]! - values[second]! ||
    first - second
  return candidates.sort(byPreference)[0]
}

/** The equations that `from` reaches, going from one to the next through hidden cells. */
function chain(
  from: ReadonlySet<number>,
  hidden: ReadonlySet<number>,
  cellsOf: readonly (readonly number[])[],
): (readonly number[])[] {
  const seen = new Set(from)
  const reached = new Set<readonly number[]>()
  for (let grew = true; grew;) {
    grew = false
    for (const cells of cellsOf) {
      if (reached.has(cells) || !cells.some((cell) => seen.has(cell))) continue
      reached.add(cells)
      grew = true
      for (const cell of cells) if (hidden.has(cell)) seen.add(cell)
    }
  }
  return [...reached]
}
