/**
 * The pin of an analysis: a hash of everything that decides what would run. An approval is for one pin; any edit makes
 * another.
 */
import { canonical, sha256Hex } from '../hash.ts'
import type { Cohort } from '../datasets/cohort.ts'

export interface Pinned {
  language: string
  code: string
  parameters: unknown
  cohort: Cohort
  mode: string
  /** For `noise`. */
  epsilon?: number
  declared?: readonly { name: string; low: number; high: number }[]
  /** Digest of the image or of the runtime that would run it. */
  image: string
  /** Dataset's id, its version's number and hash. */
  dataset: string
  version: number
  hash?: string
}

/**
 * SHA-256, hex, over canonical JSON: the order of members does not matter, everything else does. Filters keep their
 * order, as it is part of what was asked.
 */
export const pinOf = (p: Pinned): Promise<string> =>
  sha256Hex(canonical({ format: 1, ...p, declared: p.declared?.length ? p.declared : undefined }))
