/** Who may ask what of a dataset, and how answers may leave it. */
import type { DisclosurePolicy } from '../release/policy.ts'

export const releaseModes = ['rules', 'noise', 'review'] as const
export type ReleaseMode = (typeof releaseModes)[number]
export const languages = ['sql', 'python', 'r', 'notebook'] as const
export type Language = (typeof languages)[number]

export interface DatasetPolicy {
  /** Analysts of the organisation, or the people named. */
  people: { kind: 'analysts' } | { kind: 'named'; userIds: string[] }
  languages: Language[]
  modes: ReleaseMode[]
  /** On top of the platform's rules; only stricter values count (domain/release/policy.ts). */
  disclosure: Partial<DisclosurePolicy>
  /** Total privacy budget for `noise`, as (epsilon, delta) for people; the ledger counts nano-rho. */
  budget: { epsilon: number; delta: number }
  /** No job is accepted from this day on (YYYY-MM-DD). */
  expires?: string
  /** Each analysis needs a custodian's approval first. */
  approval: boolean
  /** A synthetic twin of each table is made of each version, at this epsilon of the budget, and shared. */
  twin?: { epsilon: number }
  /** Named in `GET /api/discovery`, to anybody. */
  listed: boolean
}

export const defaultDatasetPolicy: DatasetPolicy = {
  people: { kind: 'analysts' },
  languages: [...languages],
  modes: [...releaseModes],
  disclosure: { minimumSubjects: 10 },
  budget: { epsilon: 10, delta: 1e-6 },
  approval: false,
  listed: true,
}
