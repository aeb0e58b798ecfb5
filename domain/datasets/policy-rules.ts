/** Rules on policies themselves: what a custodian may declare. */
import { strictest } from '../release/policy.ts'
import type { DatasetPolicy } from './policy.ts'
import type { SchemaFault } from './schema-rules.ts'

/** Distinct subjects below which nothing of the dataset leaves: the stricter of platform and dataset. */
export const minimumSubjectsOf = (policy: Pick<DatasetPolicy, 'disclosure'>): number =>
  strictest(policy.disclosure).minimumSubjects

/** What is wrong with a policy beyond its shape; pointers begin at the policy. `today` is YYYY-MM-DD in UTC. */
export function policyFaults(policy: DatasetPolicy, today: string): SchemaFault[] {
  const out: SchemaFault[] = []
  const twice = (list: readonly string[], at: string): void => {
    if (new Set(list).size !== list.length) out.push({ path: at, message: 'Something is in this list twice' })
  }
  if (policy.languages.length === 0) out.push({ path: '/languages', message: 'Allow at least one language' })
  if (policy.modes.length === 0) out.push({ path: '/modes', message: 'Allow at least one way for answers to leave' })
  twice(policy.languages, '/languages')
  twice(policy.modes, '/modes')
  if (policy.people.kind === 'named') {
    if (policy.people.userIds.length === 0)
      out.push({ path: '/people/userIds', message: 'Name somebody, or let all analysts ask' })
    twice(policy.people.userIds, '/people/userIds')
  }
  if (policy.modes.includes('noise') && policy.budget.epsilon === 0)
    out.push({
      path: '/budget/epsilon',
      message: 'Answers with noise need a budget',
      expected: 'an epsilon above 0, or modes without noise',
    })
  if (policy.expires !== undefined && policy.expires <= today)
    out.push({ path: '/expires', message: 'This day has passed, or is today', expected: `a day after ${today}` })
  return out
}
