/** Numbers as they may be shown: counts redacted and rounded by the policy, other numbers to few digits. */
import type { ReleasedCell } from '../release/outputs.ts'
import type { DisclosurePolicy } from '../release/policy.ts'

/**
 * A count as it may be shown: undefined when it is redacted (at or under `redactUpTo`), otherwise rounded half up to a
 * multiple of `roundTo`. After OpenSAFELY: redact counts up to 7, then round to the nearest 5.
 */
export function shownCount(
  count: number,
  policy: Pick<DisclosurePolicy, 'roundTo' | 'redactUpTo'>,
): number | undefined {
  if (policy.redactUpTo > 0 && count <= policy.redactUpTo) return undefined
  return policy.roundTo > 1 ? Math.floor(count / policy.roundTo + 0.5) * policy.roundTo : count
}

/** Without the last binary digits, so that 0.30000000000000004 is 0.3. */
const withoutDust = (value: number): number => Number(value.toPrecision(15))

/**
 * `value` to `digits` significant digits: of the value itself, or of `size` (in the same unit) where that is larger.
 * `precision` of the cell is the step that it was rounded to; zero has none.
 */
export function significant(value: number, digits: number, size = 0): ReleasedCell {
  const largest = Math.max(Math.abs(value), size)
  if (largest === 0) return { value: 0 }
  const step = 10 ** (Math.floor(Math.log10(largest)) - digits + 1)
  return { value: withoutDust(Math.round(value / step) * step), precision: withoutDust(step) }
}

/**
 * `value` to the smallest step of 1, 2 or 5 times a power of ten that is at least `least` (in the value's unit).
 * Suppressed when `least` is not a positive number.
 */
export function upTo(value: number, least: number): ReleasedCell {
  if (!(least > 0) || !Number.isFinite(least)) return { value: null, suppressed: true }
  const power = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((s) => s >= least * (1 - 1e-12))!
  return { value: withoutDust(Math.round(value / step) * step), precision: withoutDust(step) }
}
