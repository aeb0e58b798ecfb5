/** Products of two tables summed over some of their columns, as products of matrices. */
import { projection } from './axes.ts'
import { cellsOf } from './marginals.ts'

/** A table over columns in the order named, row-major. */
export interface Factor {
  columns: number[]
  values: Float64Array
}

const isSame = (first: readonly number[], second: readonly number[]): boolean =>
  first.length === second.length && first.every((column, i) => column === second[i])

/** Tables in other orders, for as long as the table itself is kept: the same few are asked for again and again. */
const orders = new WeakMap<Factor, Map<string, Float64Array>>()

/** The table's values with its columns in another order, row-major; `sizes` are those of all columns. */
export function ordered(factor: Factor, columns: readonly number[], sizes: readonly number[]): Float64Array {
  if (isSame(factor.columns, columns)) return factor.values
  let known = orders.get(factor)
  if (!known) orders.set(factor, (known = new Map()))
  const key = columns.join()
  const before = known.get(key)
  if (before) return before
  const cellAt = projection(factor.columns, columns, sizes)
  const values = new Float64Array(factor.values.length)
  for (let i = 0; i < cellAt.length; i++) values[cellAt[i]!] = factor.values[i]!
  known.set(key, values)
  return values
}

/**
 * Sum of first * second over the columns that are not in `keep`; those must be in both. The result's columns are those
 * of `keep`, in an order of its own.
 */
export function contract(first: Factor, second: Factor, keep: readonly number[], sizes: readonly number[]): Factor {
  const kept = new Set(keep)
  const inFirst = new Set(first.columns)
  const inSecond = new Set(second.columns)
  const batch = first.columns.filter((column) => inSecond.has(column) && kept.has(column))
  const summed = first.columns.filter((column) => inSecond.has(column) && !kept.has(column))
  let rows = first.columns.filter((column) => !inSecond.has(column))
  let columns = second.columns.filter((column) => !inFirst.has(column))
  let [left, right] = [first, second]
  // The longer side varies fastest.
  if (cellsOf(rows, sizes) > cellsOf(columns, sizes)) {
    ;[rows, columns] = [columns, rows]
    ;[left, right] = [second, first]
  }
  const values = matrixProducts(
    ordered(left, [...batch, ...rows, ...summed], sizes),
    ordered(right, [...batch, ...summed, ...columns], sizes),
    {
      batches: cellsOf(batch, sizes),
      rows: cellsOf(rows, sizes),
      inner: cellsOf(summed, sizes),
      columns: cellsOf(columns, sizes),
    },
  )
  return { columns: [...batch, ...rows, ...columns], values }
}

/** `batches` products of a `rows` x `inner` matrix with an `inner` x `columns` one, one after the other. */
interface ProductShape {
  batches: number
  rows: number
  inner: number
  columns: number
}

function matrixProducts(left: Float64Array, right: Float64Array, shape: ProductShape): Float64Array {
  const { batches, rows, inner, columns } = shape
  const product = new Float64Array(batches * rows * columns)
  for (let batch = 0, at = 0; batch < batches; batch++)
    for (let row = 0; row < rows; row++) {
      const start = (batch * rows + row) * columns
      for (let i = 0, from = batch * inner * columns; i < inner; i++, from += columns) {
        const value = left[at++]!
        if (value === 0) continue
        for (let j = 0; j < columns; j++) product[start + j]! += value * right[from + j]!
      }
    }
  return product
}

/** dividend / divisor where the divisor's columns are among the dividend's; 0/0 is 0. */
export function divide(dividend: Factor, divisor: Factor, sizes: readonly number[]): Factor {
  const inverse = { columns: divisor.columns, values: divisor.values.map((x) => (x > 0 ? 1 / x : 0)) }
  return contract(dividend, inverse, dividend.columns, sizes)
}
