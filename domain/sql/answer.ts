/** Rows of a released answer: formulas over what is released, order and limit. */
import type { ReleasedCell, Scalar } from '../release/outputs.ts'
import type { Formula } from './formula.ts'
import type { QueryResult } from './result.ts'

/** What a rolled-up group shows: the row is a total over it. Missing stays null. */
export const total = '(all)'

const clean = (v: number): number => Number(v.toPrecision(15))

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
