/**
 * What the synthesis engine refuses, by column where one is to blame. Messages name columns and declarations, never a
 * value of the data.
 */

export type SynthesisFault =
  | 'no_columns'
  | 'duplicate_column'
  | 'bad_name'
  | 'no_categories'
  | 'duplicate_category'
  | 'too_many_categories'
  | 'bad_bounds'
  | 'bad_bins'
  | 'bad_rule'
  | 'bad_workload'
  | 'too_many_columns'
  | 'undeclared_value'
  | 'wrong_width'
  | 'wrong_table'
  | 'bad_budget'
  | 'bad_parameter'
  | 'too_large'
  | 'impossible_rules'
  | 'wrong_checkpoint'
  | 'overspent'
  | 'unspent'

/** A refusal. `column` is the declared name; `row` counts from 1. */
export class SynthesisError extends Error {
  readonly fault: SynthesisFault
  readonly column: string | undefined
  readonly row: number | undefined

  constructor(fault: SynthesisFault, message: string, where: { column?: string; row?: number } = {}) {
    super(message)
    this.name = 'SynthesisError'
    this.fault = fault
    this.column = where.column
    this.row = where.row
  }
}
