/** A dataset's privacy budget against what its jobs were charged and what its ledger says. */
import { holdOf } from '../privacy/ledger.ts'

/** Of a job that was charged. */
export interface ChargedJob {
  jobId: string
  charge: number
  charged: 'reserved' | 'committed' | 'returned'
  succeeded: boolean
  /** Something of it is still going to happen: its ledger may lag behind. */
  live: boolean
}
/** An entry of the ledger that people read. */
export interface LedgerEntry {
  jobId: string
  what: 'reserved' | 'committed' | 'returned'
  nanoRho: number
}
export interface BudgetView {
  /** The budget's item: `limit`, `available`, `spent`, and a hold a job. */
  budget: Readonly<Record<string, unknown>>
  jobs: readonly ChargedJob[]
  entries: readonly LedgerEntry[]
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN)

function holdsOf(budget: BudgetView['budget']): Map<string, number> {
  const prefix = holdOf('')
  const holds = Object.entries(budget).filter(([name]) => name.startsWith(prefix))
  return new Map(holds.map(([name, value]) => [name.slice(prefix.length), numberOf(value)]))
}

function sumFaults(budget: BudgetView['budget'], holds: ReadonlyMap<string, number>): string[] {
  const [limit, available, spent] = ['limit', 'available', 'spent'].map((name) => numberOf(budget[name])) as [
    number,
    number,
    number,
  ]
  const reserved = [...holds.values()].reduce((sum, hold) => sum + hold, 0)
  const negative = [available, spent, ...holds.values()].some((value) => !(value >= 0))
  return [
    ...(negative ? ['a part of it is negative or no number'] : []),
    ...(limit === available + spent + reserved
      ? []
      : [
          `its limit (${limit}) is not what is available, spent and reserved together (${available + spent + reserved})`,
        ]),
  ]
}

/** Jobs whose charge is decided and settled, against what is spent: to the last nano-rho. */
function spendingFaults({ budget, jobs }: BudgetView, holds: ReadonlyMap<string, number>): string[] {
  const settled = jobs.filter((job) => job.charged === 'committed' && (holds.get(job.jobId) ?? 0) === 0)
  const paid = settled.reduce((sum, job) => sum + job.charge, 0)
  const spent = numberOf(budget['spent'])
  return spent === paid ? [] : [`${spent} nano-rho are spent, and the answers that were given come to ${paid}`]
}

function jobFaults(job: ChargedJob, hold: number, entries: readonly LedgerEntry[]): string[] {
  const mine = entries.filter((entry) => entry.jobId === job.jobId)
  const ends = mine.filter((entry) => entry.what !== 'reserved')
  const about = `job ${job.jobId}`
  const faults: string[] = []
  if (job.succeeded && job.charged !== 'committed') faults.push(`${about} gave an answer that was not charged`)
  if (hold > 0 && hold !== job.charge) faults.push(`the reservation of ${about} is not its charge`)
  if (hold > 0 && !job.live) faults.push(`${about} is over and its reservation stands`)
  if (mine.some((entry) => entry.nanoRho !== job.charge)) faults.push(`the ledger has another charge for ${about}`)
  if (ends.length > 1) faults.push(`the ledger ends ${about} ${ends.length} times`)
  if (ends.some((entry) => entry.what !== job.charged)) faults.push(`the ledger and ${about} disagree on its end`)
  if (!job.live && job.charged !== 'reserved' && ends.length === 0) faults.push(`the ledger has no end of ${about}`)
  return faults
}

/** What does not add up, each as the rest of a sentence about the budget; nothing when all is well. */
export function budgetFaults(view: BudgetView): string[] {
  const holds = holdsOf(view.budget)
  const known = new Set(view.jobs.map((job) => job.jobId))
  const strangers = [
    ...[...holds].filter(([jobId, hold]) => hold > 0 && !known.has(jobId)).map(([jobId]) => jobId),
    ...view.entries.filter((entry) => !known.has(entry.jobId)).map((entry) => entry.jobId),
  ]
  return [
    ...sumFaults(view.budget, holds),
    ...spendingFaults(view, holds),
    ...view.jobs.flatMap((job) => jobFaults(job, holds.get(job.jobId) ?? 0, view.entries)),
    ...[...new Set(strangers)].map((jobId) => `job ${jobId}, which it was charged for, is not there`),
  ]
}
