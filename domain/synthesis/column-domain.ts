/**
 * The declared domain of a table: which values each column may take, before any row is read. Everything here is public:
 * bounds, bins and categories are declared by a person or bought with budget (inference.ts), never read off the data.
 *
 * A column's values are codes 0..size-1: its categories or bins in the declared order, then `other` if the column is
 * open, then `missing` if it may be missing.
 */

interface Common {
  name: string
  /** Missing is a value of its own. */
  missing?: boolean
}
/** `open`: a value that is not declared becomes `other` instead of a refusal. */
export interface Listed extends Common {
  kind: 'categorical' | 'ordinal'
  categories: readonly string[]
  open?: boolean
}
/**
 * Values are clamped to the bounds. `bins`: how many of equal width, or their edges from minimum to maximum. `integer`:
 * only whole numbers, bounds included.
 */
export interface Numeric extends Common {
  kind: 'numeric'
  minimum: number
  maximum: number
  bins: number | readonly number[]
  integer?: boolean
}
/** Days as whole numbers since 1970-01-01; bounds are ISO dates, both included. */
export interface Dated extends Common {
  kind: 'date'
  minimum: string
  maximum: string
  bins: number
}
export type Column = Listed | Numeric | Dated
/** Whether a column lists its values by name. */
export const isListed = (c: Column): c is Listed => c.kind === 'categorical' || c.kind === 'ordinal'

/**
 * A combination that no row has: every column named takes one of the values listed. Values are category names, or bin
 * numbers as text; '' is missing.
 */
export interface Impossible {
  rule: 'impossible'
  values: Record<string, string[]>
}
/** Rows where all of `when` hold have a value of `then` that is listed. */
export interface Implied {
  rule: 'implied'
  when: Record<string, string[]>
  then: Record<string, string[]>
}
export type Rule = Impossible | Implied

/** A table's columns and the rules that join them. */
export interface Domain {
  columns: readonly Column[]
  rules?: readonly Rule[]
}

/** What the engine takes at most; a caller may lower it. */
export interface Limits {
  columns: number
  categories: number
  /** Bytes of the model's tables. */
  modelBytes: number
  /** Combinations that one rule may span. */
  ruleCells: number
}
export const defaultLimits: Limits = { columns: 500, categories: 65_536, modelBytes: 4_194_304, ruleCells: 1_000_000 }

const dayMs = 86_400_000
/** Days since 1970-01-01 of an ISO date (YYYY-MM-DD), or NaN. */
export function dayOf(text: string): number {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return NaN
  const ms = Date.parse(`${text}T00:00:00Z`)
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text ? NaN : ms / dayMs
}
/** The ISO date of days since 1970-01-01. */
export const dateOf = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)

/**
 * Bounds as numbers, both included; NaN for a date that is none. `whole`: the column holds whole numbers (dates: days
 * since 1970-01-01).
 */
export interface Bounds {
  low: number
  high: number
  whole: boolean
}
/** The declared bounds of a column. */
export function boundsOf(column: Numeric | Dated): Bounds {
  if (column.kind === 'date') return { low: dayOf(column.minimum), high: dayOf(column.maximum), whole: true }
  return { low: column.minimum, high: column.maximum, whole: column.integer === true }
}

/**
 * Ascending edges of a column's bins, one more than bins; bin i is [edge i, edge i+1), the last one closed. For whole
 * numbers the last edge is maximum + 1. Edges of a date column are days since 1970-01-01.
 */
export function edgesOf(column: Numeric | Dated): number[] {
  const { low, high: highest, whole } = boundsOf(column)
  const high = whole ? highest + 1 : highest
  if (typeof column.bins !== 'number') return whole ? [...column.bins.slice(0, -1), high] : [...column.bins]
  const bins = whole ? Math.min(column.bins, high - low) : column.bins
  return Array.from({ length: bins + 1 }, (_, index) => {
    if (index === bins) return high
    const offset = (index * (high - low)) / bins
    return low + (whole ? Math.ceil(offset) : offset)
  })
}

/** How many values a column has before `other` and `missing`. */
export const listedSize = (c: Column): number => (isListed(c) ? c.categories.length : edgesOf(c).length - 1)
const isOpen = (c: Column): boolean => isListed(c) && c.open === true
/** The code of `other`, or -1. */
export const otherCode = (c: Column): number => (isOpen(c) ? listedSize(c) : -1)
/** The code of `missing`, or -1. */
export const missingCode = (c: Column): number => (c.missing ? listedSize(c) + (isOpen(c) ? 1 : 0) : -1)
/** How many codes a column has. */
export const sizeOf = (c: Column): number => listedSize(c) + (isOpen(c) ? 1 : 0) + (c.missing ? 1 : 0)

/** The number of codes of each column. */
export const sizesOf = (domain: Domain): number[] => domain.columns.map(sizeOf)
