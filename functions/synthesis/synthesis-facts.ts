/** Jobs of synthetic tables, as whoever submits, shows or ends them sees them. */
import { linkSeconds } from '../kernel/links.ts'
import { readJsonIfThere } from '../kernel/stored-json.ts'
import { synthesisObject } from '../stores/synthesis-files.ts'
import { objectOf } from '../workflow/job-item.ts'
import { type JobKindFacts, usualFacts } from '../workflow/job-kind.ts'
import type { SynthesisAsk } from './synthesis-job.ts'

export const synthesisFacts: JobKindFacts = {
  ...usualFacts,
  hasContainer: true,
  lateWriteSeconds: linkSeconds.container,
  // Its container writes the table itself.
  unsettled: async (deps, { jobId }) => {
    const ask = await readJsonIfThere<SynthesisAsk>(deps, 'protected', objectOf.ask(jobId))
    return ask
      ? [synthesisObject.folder(ask.synthesisId, jobId), synthesisObject.evaluation(ask.synthesisId, jobId)]
      : []
  },
  // Draws that were made and kept are paid for, however the job ended: a second attempt takes them over.
  chargeStands: async (deps, job) =>
    (await deps.objects.head('protected', objectOf.drawnResult(job.jobId))) !== undefined,
}
