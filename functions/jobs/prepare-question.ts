/** The first step of what people ask a dataset: admitted, charged, counted; then what computes gets its inputs. */
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import type { JobItem } from '../kernel/items.ts'
import { type Admitted, countCohort, stillAllowed, takeCharge } from '../release/admit.ts'
import { type PreparedJob, Refused } from '../workflow/job-kind.ts'
import { planFor, writeInputs } from './inputs.ts'

interface Counted {
  job: Item<JobItem>
  admitted: Admitted
  set: { subjects: number; fingerprint: string }
}

async function admit(deps: Deps, found: Item<JobItem>, at: string): Promise<Counted> {
  const admitted = await stillAllowed(deps, found, { byItself: true })
  const job = found.mode === 'noise' ? await takeCharge(deps, found, admitted, at) : found
  return { job, admitted, set: await countCohort(deps, job, admitted) }
}

/** A statement: the engine reads the dataset itself. */
export async function prepareQuery(deps: Deps, found: Item<JobItem>, at: string): Promise<PreparedJob> {
  const { set } = await admit(deps, found, at)
  return { compute: 'query', set }
}

/** Code: how often it runs and on whom, and what its container is given. */
export async function prepareScript(deps: Deps, found: Item<JobItem>, at: string): Promise<PreparedJob> {
  const { job, admitted, set } = await admit(deps, found, at)
  const { question, dataset, version } = admitted
  const plan = planFor(question, set.subjects, dataset.declaredSubjects)
  if (typeof plan === 'string') throw new Refused(plan)
  return { compute: 'container', set, container: await writeInputs(deps, job, question, plan, dataset, version) }
}
