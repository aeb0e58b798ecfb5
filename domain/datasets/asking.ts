/** Who may ask a dataset now, and why not: one answer for the catalogue, the quote and the job. */
import { may, type Subject } from '../access/permissions.ts'
import { datasetLife, type DatasetState } from './life.ts'
import type { DatasetPolicy } from './policy.ts'

export interface Asked {
  state: DatasetState
  version: number
  policy: Pick<DatasetPolicy, 'people' | 'expires'>
}

/** No job is accepted from the day of expiry on; `today` is a day in UTC. */
export const hasExpired = (policy: Pick<DatasetPolicy, 'expires'>, today: string): boolean =>
  policy.expires !== undefined && today >= policy.expires

/** Whether a dataset answers anybody today: published, not retired, not expired. */
export const answersOn = ({ version, state, policy }: Asked, today: string): boolean =>
  version > 0 && datasetLife[state].answers && !hasExpired(policy, today)

/**
 * Why this person may not ask this dataset now, in a sentence for them; undefined when they may. `today` is YYYY-MM-DD
 * in UTC.
 */
export function whyNot(dataset: Asked, who: Subject & { userId: string }, today: string): string | undefined {
  if (dataset.state === 'retired') return 'The dataset is retired: no more questions are taken.'
  if (dataset.version === 0 || !datasetLife[dataset.state].answers) return 'The dataset is not published yet.'
  if (hasExpired(dataset.policy, today)) return `The dataset takes no questions since ${dataset.policy.expires}.`
  if (!may({ roles: who.roles }, 'dataset.analyse'))
    return 'Asking needs the role analyst, researcher or custodian in the dataset’s organisation.'
  if (dataset.policy.people.kind === 'named' && !dataset.policy.people.userIds.includes(who.userId))
    return 'The dataset’s policy names the people who may ask it, and you are not among them. Ask its custodian.'
  if (!may(who, 'dataset.analyse')) return 'The token’s scopes do not include jobs:write.'
  return undefined
}
