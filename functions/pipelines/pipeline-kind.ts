/** Runs of pipelines: they wait in a queue of their own, and are taken up again, never begun anew. */
import { conclude } from '../release/votes.ts'
import { type JobKindSteps, usualKind } from '../workflow/job-kind.ts'
import { attemptsToFindOut, dispatch, hasTurn } from './queue.ts'
import type { RunJob } from './run-job.ts'

export const pipeline: JobKindSteps = {
  ...usualKind,
  prepare: async (deps, job, at) => (await import('./workflow-steps.ts')).preparePipeline(deps, job as RunJob, at),
  check: async (deps, job) => (await import('./workflow-steps.ts')).checkPipeline(deps, job as RunJob),
  afterEnd: async (deps, jobId) => (await import('./workflow-steps.ts')).settledPipeline(deps, jobId),
  mayStart: (deps, job) => hasTurn(deps, job.jobId),
  afterVisit: async (deps) => {
    await dispatch(deps)
  },
  concludeHeld: (deps, job, by) =>
    conclude(deps, job, by, async (decision, approvals) => {
      const { releaseRun } = await import('./confidential.ts')
      return releaseRun(deps, job as RunJob, decision, approvals)
    }),
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
  lastWordSeconds: 60,
  livePrefix: 'run:',
  heldPrefix: 'held:',
  ownerPrefix: 'RUN',
  hasQuestion: true,
  hasResult: false,
}
