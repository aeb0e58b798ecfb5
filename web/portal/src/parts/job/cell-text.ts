/** Released numbers as people read them: no digit that rounding has made meaningless. */
import type { Cell } from '../../queries/jobs.ts'

const decimals = (precision: number): number => Math.min(12, Math.max(0, Math.ceil(-Math.log10(precision) - 1e-9)))
/** `group`: the cell names a group, so nothing in it means people of whom it is not known. */
export function cellText(cell: Cell, group = false): string {
  if (cell.suppressed) return 'suppressed'
  if (cell.value === null) return group ? 'missing' : '–'
  if (typeof cell.value === 'boolean') return cell.value ? 'yes' : 'no'
  if (typeof cell.value !== 'number') return cell.value
  if (cell.precision !== undefined && cell.precision > 0)
    return cell.value.toLocaleString('en', {
      minimumFractionDigits: decimals(cell.precision),
      maximumFractionDigits: decimals(cell.precision),
    })
  return Number.isInteger(cell.value)
    ? cell.value.toLocaleString('en')
    : cell.value.toLocaleString('en', { maximumSignificantDigits: 6 })
}
/** How far rounding may have moved it: half a step. */
export const half = (cell: Cell): string | undefined =>
  cell.precision !== undefined &&
  cell.precision > 0 &&
  typeof cell.value === 'number' &&
  !(cell.precision === 1 && Number.isInteger(cell.value))
    ? Number((cell.precision / 2).toPrecision(2)).toString()
    : undefined
