/** A cohort: declared filters that the platform applies itself and counts before any code runs. */

export type Filter =
  | { column: string; is: 'equal' | 'not-equal'; value: string | number | boolean }
  | { column: string; is: 'in' | 'not-in'; values: (string | number)[] }
  /** Both inclusive; numbers, or ISO 8601 for dates. */
  | { column: string; is: 'between'; from?: number | string; to?: number | string }
  | { column: string; is: 'known' | 'missing' }
/** A subject is in the cohort when, for each filter, at least one of their rows in `table` meets it. An empty list is everybody. */
export type Cohort = (Filter & { table: string })[]
