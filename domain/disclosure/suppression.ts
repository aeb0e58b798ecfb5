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
// divide a
// minor of a matrix of -1, 0 and 1; it could then only hide nothing, as fewer pivots expose fewer cells than a second
// prime would show.
const primes = [67_108_859, 67_108_837] as const

const power = (base: number, exponent: number, p: number): number => {
  let out = 1
  for (let b = base, e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) out = (out * b) % p
    b = (b * b) % p
  }
  return out
}

/** Suppressed cells that the equations determine exactly, by reduced row echelon form modulo `p`. */
function determinedModulo(suppressed: readonly number[], equations: readonly Equation[], p: number): Set<number> {
  const column = new Map(suppressed.map((c, i) => [c, i]))
  const rows: Map<number, number>[] = []
  for (const { total, parts } of equations) {
    const row = new Map<number, number>()
    for (const c of parts) {
      const j = column.get(c)
      if (j !== undefined) row.set(j, 1)
    }
    const t = column.get(total)
    if (t !== undefined) row.set(t, p - 1)
    if (row.size > 0) rows.push(row)
  }
  const pivots = new Map<number, Map<number, number>>()
  const subtract = (row: Map<number, number>, other: Map<number, number>, factor: number): void => {
    for (const [j, v] of other) {
      const next = ((row.get(j) ?? 0) + (p - factor) * v) % p
      if (next === 0) row.delete(j)
      else row.set(j, next)
    }
  }
  for (const row of rows) {
    for (const [j, pivot] of pivots) {
      const v = row.get(j)
      if (v !== undefined) subtract(row, pivot, v)
    }
    const lead = row.keys().next().value
    if (lead === undefined) continue
    const inverse = power(row.get(lead)!, p - 2, p)
    for (const [j, v] of row) row.set(j, (v * inverse) % p)
    for (const pivot of pivots.values()) {
      const v = pivot.get(lead)
      if (v !== undefined) subtract(pivot, row, v)
    }
    pivots.set(lead, row)
  }
  return new Set([...pivots.values()].filter((r) => r.size === 1).map((r) => suppressed[r.keys().next().value!]!))
}

/** Suppressed cells that non-negativity pins to one value, given the released values. */
function pinned(
  values: readonly number[],
  suppressed: ReadonlySet<number>,
  equations: readonly Equation[],
): Set<number> {
  const low = new Map<number, number>()
  const high = new Map<number, number>()
  for (const c of suppressed) {
    low.set(c, 0)
    high.set(c, Infinity)
  }
  const lo = (c: number): number => low.get(c) ?? values[c]!
  const hi = (c: number): number => high.get(c) ?? values[c]!
  for (let changed = true, round = 0; changed && round < 50; round++) {
    changed = false
    const tighten = (c: number, l: number, h: number): void => {
      if (!suppressed.has(c)) return
      if (l > lo(c)) {
        low.set(c, l)
        changed = true
      }
      if (h < hi(c)) {
        high.set(c, h)
        changed = true
      }
    }
    for (const { total, parts } of equations) {
      const sumLow = parts.reduce((s, c) => s + lo(c), 0)
      const sumHigh = parts.reduce((s, c) => s + hi(c), 0)
      tighten(total, sumLow, sumHigh)
      for (const c of parts) {
        const others = parts.reduce((s, d) => (d === c ? s : s + hi(d)), 0)
        tighten(c, lo(total) - others, hi(total) - (sumLow - lo(c)))
      }
    }
  }
  return new Set([...suppressed].filter((c) => lo(c) === hi(c)))
}

/** Suppressed cells that a reader of the released cells can work out. `values` are the true values, not negative. */
export function exposed(
  values: readonly number[],
  suppressed: ReadonlySet<number>,
  equations: readonly Equation[],
): Set<number> {
  const list = [...suppressed]
  return new Set([
    ...primes.flatMap((p) => [...determinedModulo(list, equations, p)]),
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
  const out = new Set(primary)
  const cells = equations.map((e) => [...e.parts, e.total])
  const totals = new Set(equations.map((e) => e.total))
  for (;;) {
    const open = new Set([...exposed(values, out, equations)].filter((c) => primary.has(c)))
    if (open.size === 0) return out
    const reached = chain(open, out, cells)
    const lone = reached.filter((e) => e.filter((c) => out.has(c)).length === 1)
    const closes = new Map<number, number>()
    for (const e of lone.length ? lone : reached.length ? reached : cells)
      for (const c of e) if (!out.has(c) && !known.has(c)) closes.set(c, (closes.get(c) ?? 0) + 1)
    const rest = closes.size
      ? closes
      : new Map(
          cells
            .flat()
            .filter((c) => !out.has(c) && !known.has(c))
            .map((c) => [c, 0]),
        )
    const next = [...rest].sort(
      ([a, n], [b, m]) =>
        m - n ||
        Number(totals.has(a)) - Number(totals.has(b)) ||
        Number(values[a] === 0) - Number(values[b] === 0) ||
        values[a]! - values[b]! ||
        a - b,
    )[0]?.[0]
    if (next === undefined) return undefined
    out.add(next)
  }
}

/** The equations that `from` reaches, going from one to the next through suppressed cells. */
function chain(
  from: ReadonlySet<number>,
  suppressed: ReadonlySet<number>,
  cells: readonly (readonly number[])[],
): (readonly number[])[] {
  const seen = new Set(from)
  const out = new Set<readonly number[]>()
  for (let grew = true; grew;) {
    grew = false
    for (const e of cells) {
      if (out.has(e) || !e.some((c) => seen.has(c))) continue
      out.add(e)
      grew = true
      for (const c of e) if (suppressed.has(c)) seen.add(c)
    }
  }
  return [...out]
}
