/** What is wrong with a plan before it is confirmed, in words for the one who made it. */
import { checkDomain } from './check-domain.ts'
import { SynthesisError } from './errors.ts'
import type { PlannedColumn, SynthesisPlan } from './plan.ts'
import { domainOf, isPlannedList, keptColumns } from './request.ts'

/** Without a column: of the plan as a whole. */
export interface PlanFault {
  column?: string
  message: string
}

/**
 * What is wrong with a plan, by column; `names` are the table's columns. Nothing is charged for a plan that has faults.
 * What the engine would refuse is among them; nothing is thrown.
 */
export function planFaults(plan: SynthesisPlan, names: readonly string[]): PlanFault[] {
  const faults = columnFaults(plan, names)
  if (keptColumns(plan).length === 0) faults.push({ message: 'Every column is left out: keep at least one' })
  faults.push(...wishFaults(plan))
  return faults.length > 0 ? faults : domainFaults(plan)
}

function columnFaults(plan: SynthesisPlan, names: readonly string[]): PlanFault[] {
  const faults: PlanFault[] = []
  const seen = new Set<string>()
  for (const planned of plan.columns) {
    const column = planned.name
    if (!names.includes(column)) faults.push({ column, message: 'The table has no such column' })
    if (seen.has(column)) faults.push({ column, message: 'Planned twice' })
    seen.add(column)
    const undeclared = undeclaredValues(planned)
    if (undeclared) faults.push({ column, message: undeclared })
  }
  return faults
}

/** What is neither declared nor bought of a column's values. */
function undeclaredValues(column: PlannedColumn): string | undefined {
  if (column.kind === 'identifier' || column.buy) return undefined
  if (isPlannedList(column))
    return column.categories?.length || column.open ? undefined : 'List its categories, or have them bought'
  const bounded = column.minimum !== undefined && column.maximum !== undefined
  return bounded ? undefined : 'Give both bounds, or have them bought'
}

function wishFaults(plan: SynthesisPlan): PlanFault[] {
  const kept = new Set(keptColumns(plan).map((column) => column.name))
  return plan.wishes
    .flatMap((wish) => wish.columns)
    .filter((column) => !kept.has(column))
    .map((column) => ({ column, message: 'A marginal that matters names a column that is left out' }))
}

/** What the engine would refuse of the domain; `[]` when it takes the plan. */
function domainFaults(plan: SynthesisPlan): PlanFault[] {
  try {
    checkDomain(domainOf(plan))
    return []
  } catch (e) {
    if (!(e instanceof SynthesisError)) throw e
    return [{ ...(e.column === undefined ? {} : { column: e.column }), message: e.message }]
  }
}
