/** What the rules look at in a cell of a statement's answer: all of it counted by the platform, none of it shown. */
import type { Aggregate, QueryColumn, QueryRow, QuerySet } from '../sql/result.ts'
import type { CellFacts, PeopleApart } from './cell-rules.ts'

/** Whether a column is a number of its own, neither a group nor made of other columns. */
export const isMeasured = (column: QueryColumn): boolean => column.kind !== 'group' && column.formula === undefined

/** Parameters of the line that a statistic of two columns is about. */
const fittedParameters: Partial<Record<Aggregate, number>> = { correlation: 2, slope: 2, intercept: 2, covariance: 2 }

/** The facts of a cell: of the measured column `column`, which is the answer's column `at`. */
export function factsOf(row: QueryRow, at: number, column: QueryColumn): CellFacts {
  return {
    rowSubjects: row.subjects,
    subjects: row.columnSubjects[at]!,
    counts: column.kind === 'count',
    apart: apartOf(row, column),
    contributions: row.contributions[at] ?? null,
    quantile: isQuantile(column) ? (column.quantile ?? 0.5) : undefined,
    parameters: column.aggregate && fittedParameters[column.aggregate],
  }
}
const isQuantile = (column: QueryColumn): boolean => column.aggregate === 'quantile' || column.aggregate === 'median'

const wholeRow = -1
const isNatural = (set: QuerySet | undefined): boolean => set?.natural === true

/**
 * How many people stand between the part of the row that a column is about and each part before it; the whole row is
 * not compared with a column of counts of values, as how many are missing is shown in steps alone.
 */
function apartOf(row: QueryRow, column: QueryColumn): PeopleApart[] {
  const own = column.set === undefined ? undefined : row.sets[column.set]
  if (own === undefined) return []
  return own.apart
    .filter(({ other }) => other < column.set! && !(other === wholeRow && column.presence))
    .map(({ other, subjects }) => ({ subjects, natural: isNatural(own) || isNatural(row.sets[other]) }))
}
