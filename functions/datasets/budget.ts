/** The limit of a dataset's budget, and the budget in people's words. */
import type { z } from 'zod'
import type { Budget } from '../../contracts/datasets.ts'
import type { DatasetPolicy } from '../../domain/datasets/policy.ts'
import { moveLimit, opening } from '../../domain/privacy/ledger.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { type BudgetItem, keyOf } from '../kernel/items.ts'
import { epsilonAt, openBudget } from '../stores/budget.ts'
import { retrying } from '../kernel/retry.ts'

const under = (): Failure =>
  new Failure(
    'wrong-state',
    'The budget cannot be lowered under what is spent and reserved. Wait for the running analyses to end, or choose a larger one.',
  )

/** Refuses a limit under what is spent and reserved now. */
export async function checkLimit(
  deps: Pick<Deps, 'table'>,
  datasetId: string,
  policy: Pick<DatasetPolicy, 'budget'>,
): Promise<{ changes: boolean }> {
  const held = await deps.table.get<BudgetItem>(keyOf.budget(datasetId))
  const { limit } = opening(policy.budget)
  if (held && held.available + limit - held.limit < 0) throw under()
  return { changes: held?.limit !== limit }
}

/** Moves the limit; what is spent and reserved stays. `wrong-state` when that is more than the new limit. */
export async function setLimit(
  deps: Pick<Deps, 'table' | 'pause' | 'random'>,
  datasetId: string,
  policy: Pick<DatasetPolicy, 'budget'>,
): Promise<void> {
  const { limit } = opening(policy.budget)
  // A charge in between fails the condition, and the budget is looked at as it is then.
  await retrying(deps, async () => {
    const held = await deps.table.get<BudgetItem>(keyOf.budget(datasetId))
    if (!held) return openBudget(deps, datasetId, policy)
    if (held.limit === limit) return
    if (held.available + limit - held.limit < 0) throw under()
    await deps.table.update(keyOf.budget(datasetId), moveLimit(held.limit, limit))
  })
}

/** A budget in people's words. Before it is opened (a crash in between) it is as declared. */
export function toBudget(held: BudgetItem | undefined, policy: Pick<DatasetPolicy, 'budget'>): z.input<typeof Budget> {
  const { epsilon, delta } = policy.budget
  const budget = held ?? opening(policy.budget)
  return {
    epsilon,
    delta,
    left: epsilonAt(budget.available, delta),
    limitNanoRho: budget.limit,
    spentNanoRho: budget.spent,
    reservedNanoRho: budget.limit - budget.available - budget.spent,
  }
}
