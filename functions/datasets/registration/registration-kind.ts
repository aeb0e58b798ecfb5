/** Jobs that read a custodian's files or store a version: nothing is asked of the data, so nothing is judged. */
import { type JobKindSteps, usualKind } from '../../workflow/job-kind.ts'

export const registration: JobKindSteps = {
  ...usualKind,
  prepare: async () => ({ compute: 'registration' }),
  // The computing step decides for itself (register.ts).
  check: async () => {},
}
