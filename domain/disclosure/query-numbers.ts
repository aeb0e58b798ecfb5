/** A measured number of a statement's answer, as it may be shown. */
import type { ReleasedCell } from '../release/outputs.ts'
import type { DisclosurePolicy } from '../release/policy.ts'
import type { QueryColumn, QueryRow } from '../sql/result.ts'
import { shownCount, significant, upTo } from './rounding.ts'

/** Significant digits of a plain number; of a total beside a rounded count, and of a share, it has fewer. */
const digits = 4
const digitsOfTotal = digits - 1
const digitsOfShare = 2

/**
 * The number in column `at` of a row: counts by the policy, other numbers to few digits. Missing when it is none;
 * suppressed when no step would hide a person in it.
 */
export function shownNumber(row: QueryRow, at: number, column: QueryColumn, policy: DisclosurePolicy): ReleasedCell {
  const value = row.values[at]
  if (typeof value !== 'number' || !Number.isFinite(value)) return { value: null }
  if (column.presence) return shownPresence(row, value, policy)
  if (column.kind === 'count') return counted(value, policy)
  if (missesFew(row, column, policy)) return coarse(value, row.columnSubjects[at]!, column, policy)
  // Total and mean together would give the count that rounding hides.
  if (column.aggregate === 'sum' && policy.roundTo > 1) return totalOfShownCount(row, value, policy)
  const isShare = column.indicator === true && policy.roundTo > 1
  return significant(value, isShare ? digitsOfShare : digits, sizeAddedUp(row, at, column))
}

function counted(count: number, policy: DisclosurePolicy): ReleasedCell {
  const value = shownCount(count, policy)
  if (value === undefined) return { value: null, suppressed: true }
  return { value, precision: policy.roundTo > 1 ? policy.roundTo : undefined }
}

/** How many have a value: how many have none is shown in steps of a minimum of people. */
function shownPresence(row: QueryRow, value: number, policy: DisclosurePolicy): ReleasedCell {
  const step = policy.minimumSubjects
  const near = counted(row.rows - step * Math.round((row.rows - value) / step), policy)
  return near.suppressed ? near : { ...near, precision: step }
}

/**
 * Of several columns, some missing for a few: they count for those who have all, which another answer could show
 * without them.
 */
function missesFew(row: QueryRow, column: QueryColumn, policy: DisclosurePolicy): boolean {
  const without = column.mixed === undefined ? 0 : row.subjects - row.mixed![column.mixed]!
  return without > 0 && without < policy.minimumSubjects
}

/** In steps that a minimum of people could make, of the declared range; `subjects` are those of the cell. */
function coarse(value: number, subjects: number, column: QueryColumn, policy: DisclosurePolicy): ReleasedCell {
  if (column.aggregate !== 'sum' && column.aggregate !== 'mean') return significant(value, digitsOfShare)
  if (column.low === undefined || column.high === undefined) return { value: null, suppressed: true }
  const ofMinimum = policy.minimumSubjects * (column.high - column.low)
  return upTo(value, column.aggregate === 'mean' ? ofMinimum / subjects : ofMinimum)
}

/** The total that the mean would make over the count as it is shown. */
function totalOfShownCount(row: QueryRow, value: number, policy: DisclosurePolicy): ReleasedCell {
  const count = shownCount(row.rows, policy) ?? 0
  return significant(row.rows > 0 ? (value / row.rows) * count : 0, digitsOfTotal)
}

/**
 * The size of what was added up, in the unit of the answer; 0 where nothing was. To the digits of that, not of what is
 * left of it: shifting a column so that its sum vanishes would show more of each part.
 */
function sizeAddedUp(row: QueryRow, at: number, column: QueryColumn): number {
  const contributions = row.contributions[at]
  if (!contributions) return 0
  if (column.aggregate === 'sum') return contributions.total
  return column.aggregate === 'mean' ? contributions.total / Math.max(1, row.rows) : 0
}
