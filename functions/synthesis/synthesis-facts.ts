/** Jobs of synthetic tables, as whoever submits, shows or ends them sees them. */
import { linkSeconds } from '../kernel/links.ts'
import { objectOf } from '../workflow/job-item.ts'
import { type JobKindFacts, usualFacts } from '../workflow/job-kind.ts'

export const synthesisFacts: JobKindFacts = {
  ...usualFacts,
  hasContainer: true,
  lateWriteSeconds: linkSeconds.container,
  // Draws that were made and kept are paid for, however the job ended: a second attempt takes them over.
  chargeStands: async (deps, job) =>
    (await deps.objects.head('protected', objectOf.drawnResult(job.jobId))) !== undefined,
}
