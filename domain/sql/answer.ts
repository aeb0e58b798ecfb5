/** Numbers and rows of a released answer: rounding, formulas over what is released, order and limit. */
import type { ReleasedCell, Scalar } from '../release/outputs.ts'
import type { Formula } from './formula.ts'
import type { QueryResult } from './result.ts'

/** What a rolled-up group shows: the row is a total over it. Missing stays null. */
export const total = '(all)'

const clean = (v: number): number => Number(v.toPrecision(15))

/** To a number of significant digits, of `v` or of `size` where that is larger; `precision` is the step. */
export function significant(v: number, digits: number, size = 0): ReleasedCell {
  const largest = Math.max(Math.abs(v), size)
  if (largest === 0) return { value: 0 }
  const step = 10 ** (Math.floor(Math.log10(largest)) - digits + 1)
  return { value: clean(Math.round(v / step) * step), precision: clean(step) }
}

/** To the next step of 1, 2 or 5 times a power of ten that is at least `least`. */
export function upTo(v: number, least: number): ReleasedCell {
  if (!(least > 0) || !Number.isFinite(least)) return { value: null, suppressed: true }
  const ten = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 5, 10].map((m) => m * ten).find((s) => s >= least * (1 - 1e-12))!
  return { value: clean(Math.round(v / step) * step), precision: clean(step) }
}

/** A formula over released cells: post-processing, which shows nothing more. Suppressed when a part is. */
export function evaluate(formula: Formula, cells: readonly ReleasedCell[]): ReleasedCell {
  let suppressed = false
  const at = (f: Formula): number => {
    if ('number' in f) return f.number
    if ('measure' in f) {
      const c = cells[f.measure]!
      if (c.suppressed) suppressed = true
      return typeof c.value === 'number' ? c.value : Number.NaN
    }
    const [a = Number.NaN, b = Number.NaN] = f.of.map(at)
    switch (f.op) {
      case '+':
        return a + b
      case '-':
        return a - b
      case '*':
        return a * b
      case '/':
        return b === 0 ? Number.NaN : a / b
      case 'round': {
        const d = f.of.length > 1 ? Math.max(-12, Math.min(12, Math.trunc(b))) : 0
        return Math.round(a * 10 ** d) / 10 ** d
      }
      case 'sqrt':
        return Math.sqrt(a)
      case 'abs':
        return Math.abs(a)
    }
  }
  const v = at(formula)
  return suppressed ? { value: null, suppressed: true } : { value: Number.isFinite(v) ? clean(v) : null }
}

const compare = (a: Scalar, b: Scalar): number =>
  a === b
    ? 0
    : a === null
      ? 1
      : b === null
        ? -1
        : typeof a === 'number' && typeof b === 'number'
          ? a - b
          : String(a) < String(b)
            ? -1
            : 1

/**
 * Rows in the order that was asked for, by what is released alone; then by the groups, so that the order tells nothing.
 * Then the limit.
 */
export function arranged<R extends { cells: ReleasedCell[] }>(
  rows: readonly R[],
  { columns, order = [], limit }: QueryResult,
): R[] {
  const groups = columns.flatMap((c, i) => (c.kind === 'group' ? [{ column: i, descending: false }] : []))
  const place = (column: number, v: Scalar): Scalar => {
    const at = columns[column]!.values?.indexOf(v as string)
    return at === undefined || at < 0 ? v : at
  }
  const sorted = [...rows].sort((x, y) => {
    for (const { column, descending } of [...order, ...groups]) {
      const [a, b] = [place(column, x.cells[column]!.value), place(column, y.cells[column]!.value)]
      const d = a === null || b === null ? compare(a, b) : compare(a, b) * (descending ? -1 : 1)
      if (d !== 0) return d
    }
    return 0
  })
  return limit === undefined ? sorted : sorted.slice(0, limit)
}
