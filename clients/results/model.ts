/** What results are once opened. The same shapes serve the portal, the command line and the exports. */
import type { z } from 'zod'
import type { RunRow as RunRowSchema } from '../../contracts/runs.ts'
import type { OpenedRecord, Trial } from '../../domain/runs/opened.ts'

/** A run as the server lists it, without content. */
export type RunRow = z.output<typeof RunRowSchema>

/**
 * What is not as it should be with a run: `gap` (numbers that never arrived), `altered` (a record does not match the
 * hash that its run's end carries), `unopenable` (a record that the run's key does not open), `unfinished` (no end has
 * arrived, so later records may be missing), `after-end`, `object` (a stored file that is missing or has other bytes).
 */
export interface Finding {
  kind: 'gap' | 'altered' | 'unopenable' | 'unfinished' | 'after-end' | 'object'
  /** Number of the record; of a gap, of its first record. */
  seq?: number
  /** Number of the last record of a gap. */
  through?: number
  message: string
}

/** A file that a participant's page sent. */
export interface OpenedFile {
  /** Safe to be the name of a file, and unique in its run. */
  name: string
  type: string
  part: string
  seq: number
  bytes: Uint8Array<ArrayBuffer>
}

/** A run with its content. `trials` are in order of recording, after replacements. */
export interface OpenedRun {
  row: RunRow
  records: OpenedRecord[]
  trials: Trial[]
  session: unknown
  files: OpenedFile[]
  findings: Finding[]
}
