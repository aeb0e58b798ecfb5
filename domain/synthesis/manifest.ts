/** What the runner is told of a synthesis, and what it tells back. One JSON document each way, by signed links. */
import type { LinkTo } from '../jobs/manifest.ts'
import type { Domain } from './column-domain.ts'
import type { Agreement } from './evaluation.ts'
import type { SynthesisPlan } from './plan.ts'
import type { PlanFault } from './plan-faults.ts'

/** `upload` texts are cleaned as they were when they were read; a stored table is Parquet and clean. */
export type TableFormat = 'csv' | 'parquet' | 'stored'

interface Common {
  job: string
  runtime: 'synthesis'
  plan: SynthesisPlan
  /** The real table: as it was uploaded, or as it was stored. */
  table: LinkTo
  format: TableFormat
  report: LinkTo
}
/**
 * Makes a table. Draws that earlier attempts kept lie at the first of `kept` that is there; new ones are put at `keep`
 * before they are used.
 */
export interface MakeManifest extends Common {
  act: 'make'
  kept: LinkTo[]
  keep: LinkTo
  progress: LinkTo
  csv: LinkTo
  parquet: LinkTo
}
/** Compares the synthetic table with the real one; `nanoRho` 0 is for the custodian only. */
export interface EvaluateManifest extends Common {
  act: 'evaluate'
  domain: Domain
  rows: number
  synthetic: LinkTo
  kind: 'agreement' | 'model'
  target?: string
  nanoRho: number
}
export type SynthesisManifest = MakeManifest | EvaluateManifest

/** Rounds so far: from noisy answers alone, so anybody who may see the synthesis may see them. */
export interface RoundShown {
  round: number
  rounds: number
  columns: string[]
  error: number
  /** Share of the budget. */
  spent: number
}
export interface Drawn {
  what: string
  columns: string[]
  nanoRho: number
  sigma?: number
}
export interface Made {
  method: string
  why: string
  drawn: Drawn[]
  rows: number
  estimatedRows: number
  domain: Domain
  rounds: RoundShown[]
  sha256: string
  bytes: number
}
export type EvaluationResult = {
  charged: boolean
  noise?: number
  figures?: { tvd1: number; tvd2: number }
  agreement?: Agreement
  model?: { target: string; aucReal: number; aucSynthetic: number }
}
export type SynthesisReport =
  | { job: string; made: Made }
  | { job: string; evaluated: EvaluationResult }
  | { job: string; faults: PlanFault[] }
