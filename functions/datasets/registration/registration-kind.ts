/** Jobs that read a custodian's files or store a version: nothing is asked of the data, so nothing is judged. */
import { datasetUploads } from '../../stores/dataset-uploads.ts'
import { tidyUploads } from '../../stores/uploads.ts'
import { type JobKindFacts, type JobKindSteps, usualFacts, usualSteps } from '../../workflow/job-kind.ts'

export const registrationFacts: JobKindFacts = usualFacts

export const registration: JobKindSteps = {
  ...registrationFacts,
  ...usualSteps,
  prepare: async () => ({ compute: 'registration' }),
  // The computing step decides for itself (register.ts).
  check: async () => {},
  afterVisit: async (deps) => {
    await tidyUploads(deps, datasetUploads)
  },
}
