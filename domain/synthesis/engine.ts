/** What a method is given and what it hands back. */
import type { Domain, Limits } from './column-domain.ts'
import type { Codes, Table } from './encode.ts'
import type { Journal } from './journal.ts'
import type { Prepared } from './prelude.ts'
import type { Allowed } from './rules.ts'
import type { Stream } from './stream.ts'

/**
 * Progress after a round. `columns` are those measured; `error`: estimated total variation distance of that marginal
 * before it was measured (from noisy answers, so free).
 */
export interface Round {
  round: number
  /** At most this many. */
  rounds: number
  columns: number[]
  error: number
  /** nano-rho spent so far, of `budget`. */
  spent: bigint
  budget: bigint
}

/** Marginals that matter most: column indices (ascending) and how many times as much as others they count. */
export interface Wish {
  columns: number[]
  weight: number
}

/** What a method is given: the data, which it may look at through the journal only, and what is public. */
export interface Engine {
  table: Table
  domain: Domain
  allowed: readonly Allowed[]
  journal: Journal
  limits: Limits
  wishes: readonly Wish[]
  progress: (round: Omit<Round, 'spent' | 'budget'>) => Promise<void>
}

/** A fitted method: the resolution it worked at, and rows drawn at that resolution. It looks at the data no more. */
export interface Fitted {
  prepared: Prepared
  draw: (rows: number, stream: Stream) => Codes[]
  /** Cells of the model. */
  cells: number
}
