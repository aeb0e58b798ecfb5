/**
 * What people ask of a dataset: a statement (`query`) or code (`script`). A trial is code on the dataset's synthetic
 * twin. Steps are loaded when they are asked for.
 */
import { conclude } from '../release/votes.ts'
import { type JobKindSteps, usualSteps } from '../workflow/job-kind.ts'
import { isTrial } from './is-trial.ts'
import { queryFacts, scriptFacts } from './question-facts.ts'

const concludeHeld: JobKindSteps['concludeHeld'] = (deps, job, by) =>
  conclude(deps, job, by, async (decision, approvals) => {
    const { release } = await import('../release/decision.ts')
    return release(deps, job, decision, approvals)
  })

export const query: JobKindSteps = {
  ...queryFacts,
  ...usualSteps,
  concludeHeld,
  prepare: async (deps, job, at) => (await import('./prepare-question.ts')).prepareQuery(deps, job, at),
  check: async (deps, job) => {
    const [{ checkQuestion }, { judgeQuery }] = await Promise.all([
      import('./check-question.ts'),
      import('../release/judge-query.ts'),
    ])
    await checkQuestion(deps, job, judgeQuery)
  },
}

export const script: JobKindSteps = {
  ...scriptFacts,
  ...usualSteps,
  concludeHeld,
  prepare: async (deps, job, at) => {
    if (isTrial(job)) return (await import('./trial.ts')).prepareTrial(deps, job)
    return (await import('./prepare-question.ts')).prepareScript(deps, job, at)
  },
  check: async (deps, job) => {
    if (isTrial(job)) return (await import('./trial.ts')).checkTrial(deps, job)
    const [{ checkQuestion }, { judgeScript }] = await Promise.all([
      import('./check-question.ts'),
      import('../release/judge-script.ts'),
    ])
    await checkQuestion(deps, job, judgeScript)
  },
}
