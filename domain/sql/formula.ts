/**
 * Formulas over measures, that the gate computes from what it releases: sums, products, quotients and differences of
 * aggregates and numbers.
 */
import type { ReleasedCell } from '../release/outputs.ts'

export type Operator = '+' | '-' | '*' | '/' | 'round' | 'sqrt' | 'abs'
export type Formula =
  | /** An index of the answer's columns. */ { measure: number }
  | { number: number }
  | { op: Operator; of: Formula[] }

/** Without the last binary digits, so that 0.30000000000000004 is 0.3. */
const withoutDust = (value: number): number => Number(value.toPrecision(15))

/** To a number of decimals, from -12 to 12; none when it is not given. */
function roundTo(value: number, decimals: number | undefined): number {
  if (decimals === undefined) return Math.round(value)
  const factor = 10 ** Math.max(-12, Math.min(12, Math.trunc(decimals)))
  return Math.round(value * factor) / factor
}

/** What each operator makes of its operands; not finite where it has no value. */
const operators: Record<Operator, (left: number, right: number | undefined) => number> = {
  '+': (left, right = Number.NaN) => left + right,
  '-': (left, right = Number.NaN) => left - right,
  '*': (left, right = Number.NaN) => left * right,
  '/': (left, right = Number.NaN) => (right === 0 ? Number.NaN : left / right),
  round: roundTo,
  sqrt: Math.sqrt,
  abs: Math.abs,
}

/**
 * A formula over released cells: post-processing, which shows nothing more. Suppressed when a part is; missing where it
 * has no finite value.
 */
export function evaluate(formula: Formula, cells: readonly ReleasedCell[]): ReleasedCell {
  if (hasSuppressed(formula, cells)) return { value: null, suppressed: true }
  const value = valueOf(formula, cells)
  return { value: Number.isFinite(value) ? withoutDust(value) : null }
}
function hasSuppressed(formula: Formula, cells: readonly ReleasedCell[]): boolean {
  if ('measure' in formula) return cells[formula.measure]!.suppressed === true
  return 'of' in formula && formula.of.some((part) => hasSuppressed(part, cells))
}
function valueOf(formula: Formula, cells: readonly ReleasedCell[]): number {
  if ('number' in formula) return formula.number
  if ('of' in formula) {
    const [left = Number.NaN, right] = formula.of.map((part) => valueOf(part, cells))
    return operators[formula.op](left, right)
  }
  const { value } = cells[formula.measure]!
  return typeof value === 'number' ? value : Number.NaN
}
