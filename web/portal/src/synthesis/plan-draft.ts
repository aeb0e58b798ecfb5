/** Changing a plan column by column. */
import type { PlannedColumn, Plan, Quote } from './data.ts'
import { ProblemError } from '../../../../clients/api.ts'

export type Kind = PlannedColumn['kind']

/** The same column as another kind. What it may hold is then bought, until somebody types it in. */
export function asKind(c: PlannedColumn, kind: Kind): PlannedColumn {
  if (c.kind === kind) return c
  const missing = 'missing' in c ? c.missing : true
  switch (kind) {
    case 'identifier':
      return { name: c.name, kind, use: 'drop' }
    case 'numeric':
      return { name: c.name, kind, bins: 'bins' in c ? c.bins : 10, integer: false, missing, buy: true }
    case 'date':
      return { name: c.name, kind, bins: 'bins' in c ? c.bins : 10, missing, buy: true }
    default:
      return 'categories' in c && c.categories
        ? ({ ...c, kind } as PlannedColumn)
        : { name: c.name, kind, open: true, missing, buy: true }
  }
}

/** Bought means that nobody declared it: typed bounds or categories end that, and nothing typed begins it. */
export function withBought(c: PlannedColumn): PlannedColumn {
  if (c.kind === 'identifier') return c
  const { buy: _, ...rest } = c
  const declared =
    c.kind === 'numeric' || c.kind === 'date'
      ? c.minimum !== undefined && c.maximum !== undefined
      : (c.categories?.length ?? 0) > 0
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
  for (const f of made) put(f.column, f.message)
  for (const f of quote?.faults ?? []) put(f.column, f.message)
  if (error instanceof ProblemError)
    for (const e of error.errors)
      put(plan.columns[Number(/columns\/(\d+)/.exec(e.path)?.[1] ?? -1)]?.name, `${e.message}.`)
  return out
}
