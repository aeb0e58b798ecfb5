/**
 * What people ask of a dataset: a statement (`query`) or code (`script`). A trial is code on the dataset's synthetic
 * twin. The steps are loaded when they are asked for: a function that only submits or ends jobs does not wait for them.
 */
import { conclude } from '../release/votes.ts'
import { linkSeconds } from '../kernel/links.ts'
import { type JobKindSteps, usualKind } from '../workflow/job-kind.ts'
import { isTrial } from './is-trial.ts'

const usualQuestion = {
  ...usualKind,
  concludeHeld: (deps, job, by) =>
    conclude(deps, job, by, async (decision, approvals) => {
      const { release } = await import('../release/decision.ts')
      return release(deps, job, decision, approvals)
    }),
  hasQuestion: true,
} satisfies Partial<JobKindSteps>

/** A statement in SQL. */
export const query: JobKindSteps = {
  ...usualQuestion,
  prepare: async (deps, job, at) => (await import('./prepare-question.ts')).prepareQuery(deps, job, at),
  check: async (deps, job) => {
    const [{ checkQuestion }, { judgeQuery }] = await Promise.all([
      import('./check-question.ts'),
      import('../release/judge-query.ts'),
    ])
    await checkQuestion(deps, job, judgeQuery)
  },
}

/** Code in Python, R or a notebook, run on cuts of the cohort; or on the dataset's twin. */
export const script: JobKindSteps = {
  ...usualQuestion,
  hasContainer: true,
  lateWriteSeconds: linkSeconds.container,
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
