/** Jobs that make a synthetic table, or compare one with the real one. Steps are loaded when they are asked for. */
import { type JobKindSteps, usualSteps } from '../workflow/job-kind.ts'
import { synthesisFacts } from './synthesis-facts.ts'

export const synthesis: JobKindSteps = {
  ...synthesisFacts,
  ...usualSteps,
  prepare: async (deps, job, at) => (await import('./prepare.ts')).prepareSynthesis(deps, job, at),
  check: async (deps, job) => (await import('./check.ts')).checkSynthesis(deps, job),
  afterVisit: async (deps) => {
    await (await import('./expiry.ts')).sweepExpired(deps)
  },
}
