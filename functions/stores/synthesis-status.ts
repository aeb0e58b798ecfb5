/** How a synthesis stands: what was stored of it, and what its job has come to. */
import { jobLife } from '../../domain/jobs/life.ts'
import type { SynthesisState } from '../../domain/synthesis/life.ts'
import type { Deps } from '../kernel/deps.ts'
import { type JobItem, keyOf, type SynthesisItem } from '../kernel/items.ts'

/** What the job makes of the stored state. A confirmation that was killed before it made its job has not happened. */
function stateOf(synthesis: SynthesisItem, job: JobItem | undefined, now: string): SynthesisState {
  if (synthesis.expires !== undefined && synthesis.expires <= now) return 'expired'
  if (synthesis.state !== 'running') return synthesis.state
  if (!job) return 'proposed'
  if (jobLife[job.state].live) return 'running'
  return job.state === 'succeeded' ? 'ready' : 'failed'
}

export interface SynthesisStatus {
  job: JobItem | undefined
  state: SynthesisState
}
/** The present state, from the synthesis and its job. An upload that is being read: `readingState`. */
export async function statusOf(deps: Pick<Deps, 'table' | 'now'>, synthesis: SynthesisItem): Promise<SynthesisStatus> {
  const job = synthesis.jobId === undefined ? undefined : await deps.table.get<JobItem>(keyOf.job(synthesis.jobId))
  return { job, state: stateOf(synthesis, job, deps.now().toISOString()) }
}
