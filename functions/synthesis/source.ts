/**
 * The real table behind a synthesis: its columns as they are declared or were read, its dataset's budget, and what is
 * wrong with a plan for it.
 */
import { subjectColumn, type Table } from '../../domain/datasets/schema.ts'
import { canonical } from '../../domain/hash.ts'
import { stored } from '../../domain/privacy/ledger.ts'
import type { SynthesisPlan } from '../../domain/synthesis/plan.ts'
import { type PlanFault, planFaults } from '../../domain/synthesis/plan-faults.ts'
import { proposePlan } from '../../domain/synthesis/proposal.ts'
import { sharesOf } from '../../domain/synthesis/request.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import {
  type BudgetItem,
  type DatasetItem,
  type DatasetVersionItem,
  keyOf,
  type SynthesisItem,
} from '../kernel/items.ts'
import { readingFaults } from './facts.ts'
import { type Reading, readingOf } from '../stores/dataset-files.ts'

export interface Source {
  dataset: Item<DatasetItem>
  declared?: Table
  reading?: Reading
  budget: BudgetItem | undefined
  names: string[]
}

/**
 * A registered table is as its version declares it, an upload as it was read. `names` is empty while the upload has not
 * been read.
 */
export async function sourceOf(deps: Pick<Deps, 'table' | 'objects'>, synthesis: SynthesisItem): Promise<Source> {
  const [dataset, budget, version, reading] = await Promise.all([
    deps.table.get<DatasetItem>(keyOf.dataset(synthesis.datasetId)),
    deps.table.get<BudgetItem>(keyOf.budget(synthesis.datasetId)),
    synthesis.upload
      ? undefined
      : deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(synthesis.datasetId, synthesis.datasetVersion)),
    synthesis.upload ? readingOf(deps, synthesis.datasetId) : undefined,
  ])
  const declared = version?.data.schema.tables.find((t) => t.name === synthesis.table)
  const names = (declared ?? reading?.tables[0])?.columns.map((c) => c.name) ?? []
  return { dataset: dataset!, declared, reading, budget, names }
}

/**
 * About how many rows, from the custodian's words (`150 patients, four visits`): the first number in them, or a
 * thousand.
 */
const rowsFrom = (words: string | undefined): number =>
  Math.max(1, Number(/\d[\d,.]*/.exec(words ?? '')?.[0].replaceAll(/[,.]/g, '') ?? 1000))

/**
 * A plan to begin from, of what a registered table declares. Where a person may have several rows, the privacy unit is
 * still the person, so that their number must be bounded.
 */
export function planOfTable(dataset: Pick<DatasetItem, 'declaredSubjects'>, table: Table): SynthesisPlan {
  const rowsPerPerson = table.oneRowPerSubject || !subjectColumn(table) ? 1 : 10
  return { ...proposePlan(table, rowsFrom(dataset.declaredSubjects)), rowsPerPerson }
}

/** An item has room for 400 kB. */
const longestPlan = 300_000

/**
 * Everything that is wrong with a plan for this table, by column. What is found in an upload is said to its custodian,
 * who alone may ask.
 */
export function faultsOf(plan: SynthesisPlan, { names, reading, declared }: Source): PlanFault[] {
  if (canonical(plan).length > longestPlan)
    return [{ message: 'The plan is longer than 300 kB: group categories, or have them bought' }]
  const faults = planFaults(plan, names)
  if (faults.length > 0) return faults
  return reading ? readingFaults(plan, reading) : declaredFaults(plan, declared)
}

/** Whole numbers where the schema says text would all read as missing. */
function declaredFaults(plan: SynthesisPlan, declared: Table | undefined): PlanFault[] {
  return plan.columns.flatMap((column): PlanFault[] => {
    const type = declared?.columns.find((d) => d.name === column.name)?.type
    if (column.kind === 'numeric' && type !== 'integer' && type !== 'number')
      return [{ column: column.name, message: `It is declared as ${type}, not as a number` }]
    return column.kind === 'date' && type !== 'date'
      ? [{ column: column.name, message: `It is declared as ${type}, not as a date` }]
      : []
  })
}

/** Nano-rho of a plan, as the ledger keeps it. */
export const priceOf = (plan: SynthesisPlan): number => stored(sharesOf(plan).total)
