/** Jobs that make a synthetic table, or compare one with the real one. Steps are loaded when they are asked for. */
import { linkSeconds } from '../kernel/links.ts'
import { objectOf } from '../workflow/job-item.ts'
import { type JobKindSteps, usualKind } from '../workflow/job-kind.ts'

export const synthesis: JobKindSteps = {
  ...usualKind,
  hasContainer: true,
  lateWriteSeconds: linkSeconds.container,
  prepare: async (deps, job, at) => (await import('./prepare.ts')).prepareSynthesis(deps, job, at),
  check: async (deps, job) => (await import('./check.ts')).checkSynthesis(deps, job),
  // Draws that were made and kept are paid for, however the job ended: a second attempt takes them over.
  chargeStands: async (deps, job) =>
    (await deps.objects.head('protected', objectOf.drawnResult(job.jobId))) !== undefined,
  afterVisit: async (deps) => {
    await (await import('./expiry.ts')).sweepExpired(deps)
  },
  // Twins that the dataset's policy asks for.
  whenVersionStored: async (deps, dataset, userId) => (await import('./twins.ts')).makeTwins(deps, dataset, userId),
}
