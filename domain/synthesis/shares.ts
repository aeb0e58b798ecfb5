/** Budgets cut into whole nano-rho. */
import type { NanoRho } from '../privacy/accounting.ts'

/** `part` of a budget (0..1), rounded down to a nano-rho, at least 1 and at most all of it. */
export function share(rho: NanoRho, part: number): NanoRho {
  const exact = (rho * BigInt(Math.round(part * 1e9))) / 1_000_000_000n
  if (exact < 1n) return 1n
  return exact > rho ? rho : exact
}

/**
 * A budget divided by weight, to the nano: the parts sum to the whole. Every part is at least 1. Throws RangeError when
 * there are more parts than nano-rho.
 */
export function divide(rho: NanoRho, weights: readonly number[]): NanoRho[] {
  const total = weights.reduce((a, b) => a + b, 0)
  const parts = weights.map((w) => share(rho, w / total))
  let rest = rho - parts.reduce((a, b) => a + b, 0n)
  for (let i = 0; rest !== 0n && parts.length > 0; i = (i + 1) % parts.length) {
    const spare = parts[i]! - 1n
    const step = rest > 0n || -rest < spare ? rest : -spare
    parts[i]! += step
    rest -= step
    if (rest < 0n && parts.every((p) => p === 1n)) throw new RangeError('the budget is too small to divide')
  }
  return parts
}

/**
 * Weights that make the total L1 error of tables least: an error of cells/sqrt(rho) each (Zhang et al. 2021, section
 * 3.2).
 */
export const byCells = (cells: readonly number[]): number[] => cells.map((c) => c ** (2 / 3))
