/** Rows of a released answer: their order and limit. */
import type { ReleasedCell, Scalar } from '../release/outputs.ts'
import type { QueryResult } from './result.ts'

/** What a rolled-up group shows: the row is a total over it. Missing stays null. */
export const total = '(all)'

/** Numbers by size, others as texts; missing comes last. */
function compare(left: Scalar, right: Scalar): number {
  if (left === right) return 0
  if (left === null) return 1
  if (right === null) return -1
  if (typeof left === 'number' && typeof right === 'number') return left - right
  return String(left) < String(right) ? -1 : 1
}

/**
 * Rows in the order that was asked for, by what is released alone; then by the groups, so that the order tells nothing.
 * Then the limit. Missing values are last either way; declared categories have their declared order.
 */
export function arranged<Row extends { cells: ReleasedCell[] }>(
  rows: readonly Row[],
  { columns, order = [], limit }: QueryResult,
): Row[] {
  const groups = [...columns.keys()].filter((column) => columns[column]!.kind === 'group')
  const keys = [...order, ...groups.map((column) => ({ column, descending: false }))]
  const place = (row: Row, column: number): Scalar => {
    const { value } = row.cells[column]!
    const declared = columns[column]!.values?.indexOf(value as string) ?? -1
    return declared < 0 ? value : declared
  }
  const byKeys = (first: Row, second: Row): number => {
    for (const { column, descending } of keys) {
      const left = place(first, column)
      const right = place(second, column)
      const difference = compare(left, right)
      const isReversed = descending && left !== null && right !== null
      if (difference !== 0) return isReversed ? -difference : difference
    }
    return 0
  }
  const sorted = rows.toSorted(byKeys)
  return limit === undefined ? sorted : sorted.slice(0, limit)
}
