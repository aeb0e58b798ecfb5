/** Released numbers as people read them: no digit that rounding has made meaningless. */
import type { Cell } from '../../queries/jobs.ts'

const decimals = (precision: number): number => Math.min(12, Math.max(0, Math.ceil(-Math.log10(precision) - 1e-9)))
/** `group`: the cell names a group, so nothing in it means people of whom it is not known. */
export function cellText(c: Cell, group = false): string {
  if (c.suppressed) return 'suppressed'
  if (c.value === null) return group ? 'missing' : '–'
  if (typeof c.value === 'boolean') return c.value ? 'yes' : 'no'
  if (typeof c.value !== 'number') return c.value
  if (c.precision !== undefined && c.precision > 0)
    return c.value.toLocaleString('en', {
      minimumFractionDigits: decimals(c.precision),
      maximumFractionDigits: decimals(c.precision),
    })
  return Number.isInteger(c.value)
    ? c.value.toLocaleString('en')
    : c.value.toLocaleString('en', { maximumSignificantDigits: 6 })
}
/** How far rounding may have moved it: half a step. */
export const half = (c: Cell): string | undefined =>
  c.precision !== undefined &&
  c.precision > 0 &&
  typeof c.value === 'number' &&
  !(c.precision === 1 && Number.isInteger(c.value))
    ? Number((c.precision / 2).toPrecision(2)).toString()
    : undefined
