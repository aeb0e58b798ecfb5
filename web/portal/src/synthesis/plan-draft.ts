/** Changing a plan column by column. */
import type { PlannedColumn, Plan, Quote } from './data.ts'
import { ProblemError } from '../../../../clients/api.ts'

export type Kind = PlannedColumn['kind']

/** The same column as another kind. What it may hold is then bought, until somebody types it in. */
export function asKind(column: PlannedColumn, kind: Kind): PlannedColumn {
  if (column.kind === kind) return column
  const missing = 'missing' in column ? column.missing : true
  switch (kind) {
    case 'identifier':
      return { name: column.name, kind, use: 'drop' }
    case 'numeric':
      return { name: column.name, kind, bins: 'bins' in column ? column.bins : 10, integer: false, missing, buy: true }
    case 'date':
      return { name: column.name, kind, bins: 'bins' in column ? column.bins : 10, missing, buy: true }
    default:
      return 'categories' in column && column.categories
        ? ({ ...column, kind } as PlannedColumn)
        : { name: column.name, kind, open: true, missing, buy: true }
  }
}

/** Bought means that nobody declared it: typed bounds or categories end that, and nothing typed begins it. */
export function withBought(column: PlannedColumn): PlannedColumn {
  if (column.kind === 'identifier') return column
  const { buy: _, ...rest } = column
  const declared =
    column.kind === 'numeric' || column.kind === 'date'
      ? column.minimum !== undefined && column.maximum !== undefined
      : (column.categories?.length ?? 0) > 0
  return declared ? (rest as PlannedColumn) : ({ ...rest, buy: true } as PlannedColumn)
}

/** What is wrong, by column name: from the quote, or from the server's refusal of the plan's shape. */
export function faultsOf(
  plan: Plan,
  quote: Quote | undefined,
  error: unknown,
  made: readonly { column?: string | undefined; message: string }[] = [],
): Map<string, string> {
  const out = new Map<string, string>()
  const put = (column: string | undefined, message: string) => {
    if (column !== undefined) out.set(column, [out.get(column), message].filter(Boolean).join(' '))
  }
  for (const fault of made) put(fault.column, fault.message)
  for (const fault of quote?.faults ?? []) put(fault.column, fault.message)
  if (error instanceof ProblemError)
    for (const refused of error.errors)
      put(plan.columns[Number(/columns\/(\d+)/.exec(refused.path)?.[1] ?? -1)]?.name, `${refused.message}.`)
  return out
}
