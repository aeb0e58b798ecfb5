/**
 * Groups that nobody is in. Where a table shows which groups there are, an empty one must look just like a small one:
 * it gets a row as well, and the row is hidden and protected as that of a few people would be.
 */
import type { ReleasedCell, Scalar } from '../release/outputs.ts'
import type { Rule } from '../release/policy.ts'
import { total } from '../sql/answer.ts'
import type { QueryColumn, QueryResult, QueryRow } from '../sql/result.ts'

/** A row on its way out: its cells, the rule that each hidden one is hidden by, and what it is made of. */
export interface DraftRow {
  cells: ReleasedCell[]
  rules: (Rule | undefined)[]
  /** Missing for a declared group that has no row. */
  row?: QueryRow
}

/** Declared groups that are filled in, so that a group that is not shown may as well be empty. */
const mostFilled = 200
/** So many values are listed also when they are numbers: a condition, or a flag. */
const fewValues = 2

/** Indices of the grouping columns. */
export const groupsOf = (columns: readonly QueryColumn[]): number[] =>
  [...columns.keys()].filter((column) => columns[column]!.kind === 'group')

/**
 * Whether each of its values may be shown though few or none have it: named categories, and conditions. A range of
 * whole numbers would fill a table with rows that say nothing; there, few and none are both left out.
 */
const isListed = ({ values }: QueryColumn): boolean =>
  values !== undefined && (values.length <= fewValues || values.every((value) => typeof value !== 'number'))

/** Whether every group that could be is shown, also where it is hidden that nobody is in it. */
export const showsAllGroups = (result: QueryResult): boolean =>
  result.columns.every((column) => column.kind !== 'group' || isListed(column)) && cellsOf(result) <= mostFilled

/** How many cells the declared groups make; infinite where a group's values are not declared. */
const cellsOf = ({ columns }: QueryResult): number =>
  groupsOf(columns).reduce((cells, group) => cells * (columns[group]!.values?.length ?? Infinity), 1)

/** Which cell of the table a row is, as a text. A rolled-up group is none of its values. */
const keyOf = (groups: readonly number[], rolledUp: readonly number[], values: readonly unknown[]): string =>
  JSON.stringify(groups.map((group) => (rolledUp.includes(group) ? [] : values[group])))

/**
 * The answer with an empty row for each value that a made condition could have and nobody has, so that it is hidden,
 * and protected, just as a few people would be.
 */
export function withNobody(result: QueryResult): QueryResult {
  const { columns, rows } = result
  const groups = groupsOf(columns)
  const made = groups.filter((group) => columns[group]!.made)
  if (made.length === 0 || rows.length === 0 || rows.length > mostFilled) return result
  const there = new Map(rows.map((row) => [keyOf(groups, row.rolledUp, row.values), row]))
  // What is added for one condition gets the values of the next one as well.
  for (const group of made)
    for (const row of there.values()) {
      if (row.rolledUp.includes(group)) continue
      for (const value of columns[group]!.values!) {
        const empty = emptyRow(row, columns, group, value)
        const key = keyOf(groups, empty.rolledUp, empty.values)
        if (!there.has(key)) there.set(key, empty)
      }
    }
  return { ...result, rows: [...there.values()] }
}

/** The row beside `row` that has `value` in a group, and nobody in it. */
function emptyRow(row: QueryRow, columns: readonly QueryColumn[], group: number, value: Scalar): QueryRow {
  const valueOf = (old: Scalar, column: number): Scalar => {
    if (column === group) return value
    return columns[column]!.kind === 'group' ? old : null
  }
  return {
    ...row,
    values: row.values.map(valueOf),
    rows: 0,
    subjects: 0,
    columnSubjects: columns.map(() => 0),
    contributions: columns.map(() => null),
    sets: [],
  }
}

/** The declared groups that have no row in `drafts`, as suppressed ones: empty and small look the same. */
export function missingGroups({ columns, rows }: QueryResult, drafts: readonly DraftRow[]): DraftRow[] {
  const groups = groupsOf(columns)
  if (groups.length === 0) return []
  const shownValues = (draft: DraftRow): Scalar[] => draft.cells.map((cell) => cell.value)
  const there = new Set(drafts.map((draft) => keyOf(groups, draft.row!.rolledUp, shownValues(draft))))
  const levels = new Map(rows.map((row) => [row.rolledUp.join(), row.rolledUp])).values()
  return [...levels].flatMap((rolledUp) =>
    combinations(columns, groups, rolledUp)
      .filter((values) => !there.has(keyOf(groups, rolledUp, values)))
      .map((values) => suppressedRow(columns, values)),
  )
}

/** Every combination of declared values of the groups that are not rolled up. */
function combinations(
  columns: readonly QueryColumn[],
  groups: readonly number[],
  rolledUp: readonly number[],
): Scalar[][] {
  const start = columns.map((_, column) => (rolledUp.includes(column) ? total : null))
  return groups
    .filter((group) => !rolledUp.includes(group))
    .reduce(
      (rows: Scalar[][], group) =>
        rows.flatMap((row) => columns[group]!.values!.map((value) => row.with(group, value))),
      [start],
    )
}

const suppressedRow = (columns: readonly QueryColumn[], values: readonly Scalar[]): DraftRow => ({
  cells: columns.map(({ kind }, column) =>
    kind === 'group' ? { value: values[column]! } : { value: null, suppressed: true },
  ),
  rules: columns.map(({ kind }) => (kind === 'group' ? undefined : 'minimum-subjects')),
})
