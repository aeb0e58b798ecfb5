/** Which cells of an answer stay hidden: those that break a rule, and those that would give them back. */
import type { DisclosurePolicy, Rule } from '../release/policy.ts'
import type { QueryResult } from '../sql/result.ts'
import { type Lattice, latticeOf } from './query-margins.ts'
import { suppress } from './suppression.ts'

/** Suppressed cells above which no pattern is looked for: the answer is blocked. */
const mostSuppressed = 300

/** The columns of a row that stay hidden, and the rule of each. */
export type Hidden = Map<number, Rule>

/**
 * Per row, the columns that stay hidden and why: `broken` by a rule, or what would give such a cell back (complementary
 * suppression over every total that could be asked for). `measured` are the columns looked at. Undefined when that
 * cannot be made safe.
 */
export function hiddenCells(
  result: QueryResult,
  measured: readonly number[],
  broken: readonly Hidden[],
  policy: DisclosurePolicy,
): Hidden[] | undefined {
  const hidden = broken.map((row) => new Map(row))
  const isTable = result.columns.some((column) => column.kind === 'group')
  if (!isTable || broken.every((row) => row.size === 0)) return hidden
  const lattice = latticeOf(result)
  if (!lattice) return undefined
  const patternOf = patterns(result, lattice, policy)
  for (const column of measured) {
    const own = [...broken.keys()].filter((row) => broken[row]!.has(column))
    if (own.length === 0) continue
    if (own.length > mostSuppressed) return undefined
    const pattern = patternOf(column, own)
    for (const [row, columns] of hidden.entries())
      if ((pattern === undefined || pattern.has(row)) && !columns.has(column)) columns.set(column, 'complementary')
  }
  return hidden
}

/**
 * The rows that have to be hidden in a column so that `own` rows stay hidden; undefined for all of them. Counts add up
 * by themselves, everything else by the rows behind it; the same question is answered once.
 */
function patterns(
  { columns, rows }: QueryResult,
  lattice: Lattice,
  policy: DisclosurePolicy,
): (column: number, own: readonly number[]) => Set<number> | undefined {
  const people = lattice.valuesOf(rows.map((row) => row.subjects))
  const isFew = (cell: number): boolean => people[cell]! < policy.minimumSubjects
  // A total of a few people is no more to be had elsewhere than here.
  const secret = lattice.elsewhere.filter(isFew)
  const known = new Set(lattice.elsewhere.filter((cell) => !isFew(cell)))
  const answers = new Map<string, Set<number> | undefined>()
  return (column, own) => {
    const isAdditive = columns[column]!.aggregate === 'count'
    const key = JSON.stringify([own, isAdditive ? column : 'rows'])
    if (!answers.has(key)) {
      const perRow = rows.map((row) => (isAdditive ? Number(row.values[column] ?? 0) : row.rows))
      answers.set(key, suppress(lattice.valuesOf(perRow), new Set([...own, ...secret]), lattice.equations, known))
    }
    return answers.get(key)
  }
}
