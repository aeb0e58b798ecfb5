/** Cells and answers of statements, as an engine would hand them to the gate. */
import type { Contributions, QueryColumn, QueryResult, QueryRow } from '../../sql/result.ts'
import type { CellFacts } from '../cell-rules.ts'

/** What an engine says of contributions to a total: one number a subject. */
export function contributionsOf(values: readonly number[]): Contributions {
  const sizes = values.map(Math.abs).sort((a, b) => b - a)
  return {
    largest: sizes[0] ?? 0,
    second: sizes[1] ?? 0,
    total: sizes.reduce((sum, size) => sum + size, 0),
    allEqual: values.every((value) => value === values[0]),
  }
}

/** The facts of a total that each of these subjects adds its number to. */
export const cellOf = (values: readonly number[]): CellFacts => ({
  rowSubjects: values.length,
  subjects: values.length,
  counts: false,
  apart: [],
  contributions: contributionsOf(values),
})

/** A measured cell of a statement's answer: its column, and what was counted about it. */
export interface AskedCell {
  column?: Partial<QueryColumn>
  value?: number
  subjects?: number
  row?: Partial<QueryRow>
  contributions?: Contributions
}

/**
 * The answer of `SELECT count(*), <cell>` on a cohort of 1,000: the count is of 500 people and always safe, so that
 * what is said of the second column is said of the cell under test.
 */
export function answerWith({ column, value = 1234.5, subjects = 500, row, contributions }: AskedCell): QueryResult {
  const columns: QueryColumn[] = [
    { name: 'everybody', kind: 'count', aggregate: 'count' },
    { name: 'cell', kind: 'value', aggregate: 'mean', ...column },
  ]
  return {
    columns,
    rows: [
      {
        values: [500, value],
        rows: 500,
        subjects: 500,
        columnSubjects: [500, subjects],
        contributions: [null, contributions ?? null],
        fingerprint: '0000000000000001',
        sets: [],
        rolledUp: [],
        ...row,
      },
    ],
    cohort: { subjects: 1000, fingerprint: '0000000000000002' },
    selections: [''],
    mode: 'rules',
    truncated: false,
  }
}
