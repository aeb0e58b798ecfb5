/** Runs of pipelines, as whoever submits, shows or ends them sees them. */
import { type JobKindFacts, usualFacts } from '../workflow/job-kind.ts'
import { pipelineObject } from './objects.ts'
import type { RunJob } from './run-job.ts'

/**
 * How often a run may be taken up again after its host went away: each time its runner is found at work, or its end is.
 */
const attemptsToFindOut = 50

export const pipelineFacts: JobKindFacts = {
  ...usualFacts,
  endEvents: (job, state, problem) => {
    const { experimentId, exitCode } = (job as RunJob).run
    return [
      {
        act: 'pipeline-run.ended',
        object: `run ${job.jobId}`,
        detail: {
          experiment: experimentId,
          state,
          ...(problem ? { code: problem.code } : {}),
          ...(exitCode === undefined ? {} : { exitCode }),
        },
      },
    ]
  },
  mayRestart: false,
  mostAttempts: attemptsToFindOut,
  hasContainer: true,
  // Whatever a stopped runner writes late lies in slots that no index opens.
  lateWriteSeconds: 0,
  // What a run without protected data left before it failed is its owner's, once the index opens it.
  unsettled: async (deps, { jobId, datasetId, state }) => {
    const isOwn = datasetId === '' && state === 'failed'
    const opened = isOwn && (await deps.objects.head('released', pipelineObject.index(jobId))) !== undefined
    return opened ? [] : [pipelineObject.ofRun(jobId)]
  },
  lastWordSeconds: 60,
  livePlace: 'pipelineRun',
  heldPlace: 'heldRun',
  ownerPlace: 'pipelineRun',
  hasQuestion: true,
  hasResult: false,
}
