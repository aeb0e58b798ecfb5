/** A job's privacy budget: reserved before anything runs, then committed or given back, once. */
import { givesBack, type JobProblem } from '../../domain/release/job-codes.ts'
import * as ledger from '../../domain/privacy/ledger.ts'
import { ConditionFailed } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { type BudgetItem, type ChargeItem, type JobItem, keyOf } from '../kernel/items.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'

/**
 * Takes the job's charge out of what is available, once however often it is called; false when the budget does not
 * cover it, or the job was settled before.
 */
export async function reserve(deps: Pick<Deps, 'table'>, job: JobItem): Promise<boolean> {
  try {
    await deps.table.update<BudgetItem>(keyOf.budget(job.datasetId), ledger.reserve(job.jobId, job.charge!))
    return true
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
    return (
      ledger.reservationOf(
        (await deps.table.get<Record<string, unknown>>(keyOf.budget(job.datasetId))) ?? {},
        job.jobId,
      ) === 'reserved'
    )
  }
}

/** A change of the ledger that may have been made before: its condition then fails, and nothing happens. */
async function apply(deps: Pick<Deps, 'table'>, datasetId: string, change: ledger.LedgerChange): Promise<void> {
  try {
    await deps.table.update<BudgetItem>(keyOf.budget(datasetId), change)
  } catch (e) {
    if (!(e instanceof ConditionFailed)) throw e
  }
}

/** Takes away what a settled reservation leaves in the budget, once nothing of the job can run any more. */
export const forget = (deps: Pick<Deps, 'table'>, job: JobItem): Promise<void> =>
  apply(deps, job.datasetId, ledger.forget(job.jobId))

/** An entry of the ledger that people read. Its time is the job's own, so that a repeated step writes the same one. */
export async function entry(
  deps: Pick<Deps, 'table'>,
  job: JobItem,
  what: ChargeItem['what'],
  at: string,
): Promise<void> {
  const item: ChargeItem = {
    datasetId: job.datasetId,
    jobId: job.jobId,
    userId: job.userId,
    what,
    nanoRho: job.charge!,
    at,
  }
  await createIfAbsent(deps, { ...keyOf.charge(job.datasetId, at, job.jobId, what), ...item })
}

/**
 * What becomes of the charge when the job ends. It is given back only when the end says nothing about anybody: nothing
 * had touched the data, or the platform failed without an output. Every other end depends on the data, and what it
 * tells has been paid for. `drew`: draws were made and kept, so they are paid for however it ended
 * (functions/synthesis/prepare.ts).
 */
export function chargeAtEnd(
  job: JobItem,
  problem: JobProblem | undefined,
  drew = false,
): 'committed' | 'returned' | undefined {
  if (job.charge === undefined || job.charged === undefined) return undefined
  if (!problem || drew) return 'committed'
  if (problem.code === 'cancelled') return job.steps.compute ? 'committed' : 'returned'
  return givesBack(problem.code) ? 'returned' : 'committed'
}

/** Brings budget and ledger to what the ended job's item says. Safe to run any number of times. */
export async function settleCharge(deps: Pick<Deps, 'table'>, job: JobItem): Promise<void> {
  if (job.charge === undefined || (job.charged !== 'committed' && job.charged !== 'returned')) return
  await apply(
    deps,
    job.datasetId,
    (job.charged === 'committed' ? ledger.commit : ledger.giveBack)(job.jobId, job.charge),
  )
  await entry(deps, job, job.charged, job.ended!)
}
