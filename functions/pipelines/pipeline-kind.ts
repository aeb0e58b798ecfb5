/** Runs of pipelines: they wait in a queue of their own, and are taken up again, never begun anew. */
import { conclude } from '../release/votes.ts'
import { type JobKindSteps, usualSteps } from '../workflow/job-kind.ts'
import { pipelineFacts } from './pipeline-facts.ts'
import { dispatch, hasTurn } from './queue.ts'
import { tidyUploads } from '../stores/uploads.ts'
import { experimentUploads, pipelineUploads } from './uploads.ts'
import type { RunJob } from './run-job.ts'

export const pipeline: JobKindSteps = {
  ...pipelineFacts,
  ...usualSteps,
  prepare: async (deps, job, at) => (await import('./prepare-run.ts')).preparePipeline(deps, job as RunJob, at),
  check: async (deps, job) => (await import('./check-run.ts')).checkPipeline(deps, job as RunJob),
  afterEnd: async (deps, jobId) => (await import('./after-run.ts')).settledPipeline(deps, jobId),
  mayStart: (deps, job) => hasTurn(deps, job.jobId),
  afterVisit: async (deps) => {
    await dispatch(deps)
    await tidyUploads(deps, pipelineUploads)
    await tidyUploads(deps, experimentUploads)
  },
  concludeHeld: (deps, job, by) =>
    conclude(deps, job, by, async (decision, approvals) => {
      const { releaseRun } = await import('./confidential.ts')
      return releaseRun(deps, job as RunJob, decision, approvals)
    }),
}
