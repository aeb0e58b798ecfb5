/** Columns of an output, as plots look for them. */
import type { Output } from '../../../queries/jobs.ts'

export type Row = Output['rows'][number]
type ColumnKind = 'group' | 'count' | 'value'

/** What a cell says, in words where it says nothing. */
export function textOf(row: Row, index: number): string {
  const cell = row[index]
  return cell?.suppressed ? 'suppressed' : String(cell?.value ?? 'missing')
}

/** The number in a cell; undefined where there is none, or where it is suppressed. */
export function numberOf(row: Row, index: number): number | undefined {
  const value = row[index]?.value
  return typeof value === 'number' ? value : undefined
}

/** The index of the first of these names that a column has, without case and signs; -1 when there is none. */
export function find(output: Output, ...names: string[]): number {
  for (const name of names) {
    const index = output.columns.findIndex((column) => column.name.toLowerCase().replace(/[^a-z0-9]/g, '') === name)
    if (index >= 0) return index
  }
  return -1
}

function guessed(output: Output, name: string, index: number): ColumnKind {
  if (output.rows.some((row) => typeof row[index]?.value === 'string')) return 'group'
  return /^(n|counts?|people|subjects|patients|frequency)$/i.test(name) ? 'count' : 'value'
}

/** What each column is: as the gate says, or, where nobody has said it yet, by its name and its cells. */
export const kindsOf = (output: Output): ColumnKind[] =>
  output.columns.map(({ kind, name }, index) => kind ?? guessed(output, name, index))

/** A column's name with its unit. */
export const labelOf = ({ name, unit }: Output['columns'][number]): string => (unit ? `${name} (${unit})` : name)
