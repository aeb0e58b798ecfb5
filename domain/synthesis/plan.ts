/**
 * What a custodian confirms before a synthetic table is made: the service's side of the engine's request. Everything
 * here is public once confirmed.
 */
import type { Rule } from './column-domain.ts'

export const synthesisMethods = ['auto', 'aim', 'mst', 'privsyn', 'independent'] as const
export type SynthesisMethod = (typeof synthesisMethods)[number]

/**
 * One column. `buy`: bounds or categories that nobody declared are bought with a share of the budget (DP quantiles,
 * partition selection). `identifier` columns carry nobody's value: left out, or made anew as row numbers.
 */
export type PlannedColumn =
  | {
      name: string
      kind: 'categorical' | 'ordinal'
      categories?: string[]
      open?: boolean
      missing: boolean
      buy?: true
    }
  | {
      name: string
      kind: 'numeric'
      minimum?: number
      maximum?: number
      bins: number
      integer: boolean
      missing: boolean
      buy?: true
    }
  | { name: string; kind: 'date'; minimum?: string; maximum?: string; bins: number; missing: boolean; buy?: true }
  | { name: string; kind: 'identifier'; use: 'drop' | 'recreate' }

export interface SynthesisPlan {
  columns: PlannedColumn[]
  rules: Rule[]
  /** How many rows one person may add to the table: the privacy unit. */
  rowsPerPerson: number
  /** About how many rows the table has, as its custodian declares it. */
  rowsDeclared: number
  method: SynthesisMethod
  epsilon: number
  delta: number
  /** Of an open column: the share of all rows below which a category is `other`, by its noisy count. */
  rare?: number
  /** Rows to make; by default as many as the noisy answers tell. */
  rows?: number
  wishes: { columns: string[]; weight: number }[]
}

export const synthesisDefaults = { method: 'auto', epsilon: 1, delta: 1e-5, bins: 10, rare: 0.002 } as const satisfies {
  method: SynthesisMethod
  epsilon: number
  delta: number
  bins: number
  rare: number
}
