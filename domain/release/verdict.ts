/** What the privacy gate decides: one shape for every release mode. */
import type { JobCode } from './job-codes.ts'
import type { ReleasedOutput } from './outputs.ts'
import type { Finding } from './policy.ts'

export interface Verdict {
  outcome: 'release' | 'hold' | 'block'
  /** Why nothing leaves, when `block`. */
  code?: JobCode
  /** What may leave; empty unless `release`. */
  outputs: ReleasedOutput[]
  findings: Finding[]
  /** For a query: row by row, which of its sets are shown; -1 is the whole row. */
  told?: number[][]
  /** The guarantee in one sentence, for the release card. */
  guarantee: string
}
