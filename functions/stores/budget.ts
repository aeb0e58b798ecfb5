/**
 * A dataset's budget item, opened with it, and charges in epsilon. Reserving and charging is the workflow's
 * (functions/workflow/budget-charge.ts).
 */
import type { DatasetPolicy } from '../../domain/datasets/policy.ts'
import { epsilonLeft, opening } from '../../domain/privacy/ledger.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import type { Deps } from '../kernel/deps.ts'
import { type BudgetItem, keyOf } from '../kernel/items.ts'

/** The conversion searches for an order each time; the catalogue asks for the same few values again and again. */
const converted = new Map<string, number>()
/** What `nanoRho` comes to in epsilon at this delta; 0 when there is none. */
export function epsilonAt(nanoRho: number, delta: number): number {
  if (nanoRho <= 0) return 0
  const key = `${nanoRho}/${delta}`
  const known = converted.get(key)
  if (known !== undefined) return known
  if (converted.size > 2000) converted.clear()
  const epsilon = epsilonLeft({ available: nanoRho }, delta)
  converted.set(key, epsilon)
  return epsilon
}

/** What a charge comes to in epsilon, at the dataset's delta. */
export const inEpsilon = (nanoRho: number, policy: Pick<DatasetPolicy, 'budget'>): number =>
  epsilonAt(nanoRho, policy.budget.delta)

/** Opens the budget; one that is open already stays as it is. */
export async function openBudget(
  deps: Pick<Deps, 'table'>,
  datasetId: string,
  policy: Pick<DatasetPolicy, 'budget'>,
): Promise<void> {
  await createIfAbsent<BudgetItem>(deps, { ...keyOf.budget(datasetId), datasetId, ...opening(policy.budget) })
}
