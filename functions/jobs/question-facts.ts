/** What people ask of a dataset, as whoever submits, shows or ends it sees it. */
import { linkSeconds } from '../kernel/links.ts'
import { type JobKindFacts, usualFacts } from '../workflow/job-kind.ts'

/** A statement in SQL. */
export const queryFacts: JobKindFacts = { ...usualFacts, hasQuestion: true }

/** Code in Python, R or a notebook, run on cuts of the cohort; or, as a trial, on the dataset's synthetic twin. */
export const scriptFacts: JobKindFacts = {
  ...usualFacts,
  hasContainer: true,
  lateWriteSeconds: linkSeconds.container,
  hasQuestion: true,
}
