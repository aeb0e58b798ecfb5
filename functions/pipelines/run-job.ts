import type { Item } from '../../ports/table.ts'
import type { JobItem, PipelineRunFacts } from '../kernel/items.ts'

/** A run of a pipeline: a job whose item keeps what the run is. */
export type RunJob = Item<JobItem> & { run: PipelineRunFacts }
