/** What a job hands to the gate, and what the gate lets out: typed outputs. */

export type Scalar = number | string | boolean | null
/** A count of people carries `subjects: true` in its column, so that the rules for counts apply. */
export interface TableOutput { type: 'table'; name: string; columns: { name: string; kind?: 'group' | 'count' | 'value' }[]; rows: Scalar[][] }
export interface EstimateOutput { type: 'estimate'; name: string; estimate: number; standardError?: number; low?: number; high?: number; pValue?: number; n?: number; unit?: string }
export interface ModelOutput { type: 'model'; name: string; family?: string; terms: { term: string; estimate: number; standardError?: number; statistic?: number; pValue?: number; low?: number; high?: number }[]; fit?: Record<string, number>; n?: number }
export interface HistogramOutput { type: 'histogram'; name: string; edges: number[]; counts: number[]; unit?: string }
export interface ScalarOutput { type: 'scalar'; name: string; value: Scalar; unit?: string }
export type TypedOutput = TableOutput | EstimateOutput | ModelOutput | HistogramOutput | ScalarOutput
export const outputTypes = ['table', 'estimate', 'model', 'histogram', 'scalar'] as const

/** A released value: a number, a category, or `null` with the reason it is not there. `precision` is the step a number was rounded to. */
export interface ReleasedCell { value: Scalar; suppressed?: true; precision?: number }
/** Everything is a table once released: rows of cells under named columns, with what it was. */
export interface ReleasedOutput { name: string; type: (typeof outputTypes)[number]; columns: { name: string; kind?: 'group' | 'count' | 'value'; unit?: string }[]; rows: ReleasedCell[][] }
