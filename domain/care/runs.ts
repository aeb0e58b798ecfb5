/** A run's counters against the records that are stored of it. */
import { coverage, type Range } from '../runs/records.ts'
import { runLife, type RunState } from '../runs/life.ts'

export interface RunView {
  state: RunState
  /** Counted in its item, which may lag behind what is stored, and never be ahead of it. */
  through: number
  received: number
  /** Of its end record, once that has arrived. */
  endSeq?: number | undefined
  /** Numbers of the records of its stored chunks. */
  chunks: readonly Range[]
}

/** What is missing, as the rest of a sentence about the run; undefined when all is there. */
export function runFault(run: RunView): string | undefined {
  // Its records are deleted, perhaps right now.
  if (!runLife[run.state].hasData) return undefined
  const { through, count, highest } = coverage(run.chunks)
  if (through < run.through) return `its records were complete up to ${run.through}, and are up to ${through}`
  if (count < run.received) return `${run.received} records have arrived, and ${count} are stored`
  if (run.state === 'completed' && (through !== highest || count !== (run.endSeq ?? count)))
    return `it is complete with ${run.endSeq ?? highest} records, and ${count} are stored`
  return undefined
}
