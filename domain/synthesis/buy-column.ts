/** What a plan has no declaration for, bought from the data with a part of the budget: bounds and categories. */
import type { NanoRho } from '../privacy/accounting.ts'
import type { Uniform } from '../privacy/randomness.ts'
import { dayOf } from './column-domain.ts'
import { commonValues, evenGrid, quantiles, wideGrid } from './inference.ts'
import { synthesisDefaults, type SynthesisPlan } from './plan.ts'
import { type Bought, isPlannedList, type KeptColumn, type Shares } from './request.ts'

type PublicFacts = Pick<SynthesisPlan, 'rowsPerPerson' | 'rowsDeclared' | 'rare'>

/** Days that a date may lie between; the public grid of dates. */
const far = { first: dayOf('1900-01-01'), last: dayOf('2099-12-31') }

/**
 * Buys the bounds or categories of one column from its texts (missing ones left out by the caller), at `shares.each`
 * nano-rho. Bounds: the 0.5th and 99.5th percentile on a public grid. Categories: partition selection, of those that
 * are not rare. Throws SynthesisError `bad_parameter` when `shares` leave no delta for categories.
 */
export function buyColumn(
  column: KeptColumn,
  texts: readonly string[],
  shares: Shares,
  plan: PublicFacts,
  random: Uniform,
): Bought {
  return isPlannedList(column)
    ? { categories: buyCategories(texts, shares, plan, random) }
    : buyBounds(column, texts, shares.each, plan.rowsPerPerson, random)
}

function buyCategories(texts: readonly string[], shares: Shares, plan: PublicFacts, random: Uniform): string[] {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const atLeast = (plan.rare ?? synthesisDefaults.rare) * plan.rowsDeclared
  return commonValues(counts, shares.each, shares.deltaEach, plan.rowsPerPerson, random, atLeast).values
}

function buyBounds(
  column: Exclude<KeptColumn, { kind: 'categorical' | 'ordinal' }>,
  texts: readonly string[],
  price: NanoRho,
  rowsPerPerson: number,
  random: Uniform,
): { minimum: number; maximum: number } {
  const isDate = column.kind === 'date'
  const values = texts.map((text) => (isDate ? dayOf(text) : Number(text.replaceAll(',', ''))))
  const grid = isDate
    ? evenGrid(far.first, far.last, far.last - far.first + 1)
    : wideGrid().filter((point) => !column.integer || Number.isInteger(point))
  const [low, high] = quantiles(values, [0.005, 0.995], grid, price, rowsPerPerson, random).quantiles
  return { minimum: low!, maximum: high! > low! ? high! : low! + 1 }
}
