/**
 * What stands before the gate: may this still be asked, is what was approved what will run, are there enough subjects,
 * does the budget cover it. Every refusal is thrown as `Refused`.
 */
import { whyNot } from '../../domain/datasets/asking.ts'
import { minimumSubjectsOf } from '../../domain/datasets/policy-rules.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import {
  type ApprovalItem,
  type DatasetItem,
  type DatasetVersionItem,
  type JobItem,
  keyOf,
  type MemberItem,
} from '../kernel/items.ts'
import { jsonBytes, readJson } from '../kernel/stored-json.ts'
import { entry, reserve } from '../workflow/budget-charge.ts'
import { type Log, move, objectOf } from '../workflow/job-item.ts'
import { Refused } from '../workflow/job-kind.ts'
import { chargeOf, pinFor, type Question } from './question.ts'
import { cellsTooNear, cohortCell, rememberRefused } from './told-before.ts'

/** A question with the dataset that it is put to, in the version that its job names. */
export interface Admitted {
  question: Question
  dataset: Item<DatasetItem>
  version: Item<DatasetVersionItem>
}

/**
 * What was true when it was asked must be true when it runs. `byItself`: the job is what a person asked, word by word,
 * and may wait for an approval; otherwise the question was made for something else that asks
 * (functions/pipelines/datasets.ts), which keeps in the job itself what it runs, and which nobody approves beforehand.
 */
export async function stillAllowed(deps: Deps, job: JobItem, { byItself }: { byItself: boolean }): Promise<Admitted> {
  const [question, dataset, version, member, approval] = await Promise.all([
    readJson<Question>(deps, 'protected', objectOf.ask(job.jobId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
    deps.table.get<MemberItem>(keyOf.member(job.organisationId, job.userId)),
    deps.table.get<ApprovalItem>(keyOf.approval(job.datasetId, job.pin)),
  ])
  if (!dataset || !version || (byItself && (await sha256Hex(canonical(question))) !== job.askHash))
    throw new Refused('infrastructure')
  const { policy } = dataset
  const today = deps.now().toISOString().slice(0, 10)
  if (!member || whyNot(dataset, { roles: member.roles, userId: job.userId }, today) !== undefined)
    throw new Refused('policy-changed')
  if (!policy.languages.includes(question.language) || !policy.modes.includes(question.mode))
    throw new Refused('policy-changed')
  if (policy.approval && !byItself) throw new Refused('policy-changed')
  if (policy.approval && (!approval || (await pinFor(deps, question, version)) !== job.pin))
    throw new Refused('approval-stale')
  return { question, dataset, version }
}

/**
 * Takes the charge before anything touches the data. The job says so first, so that a crash in between leaves nothing
 * that nobody would give back. `at` is when the step began, for the ledger.
 */
export async function takeCharge(
  deps: Deps,
  job: Item<JobItem>,
  { question, dataset }: Admitted,
  at: string,
): Promise<Item<JobItem>> {
  const now = job.charged
    ? job
    : await move(deps, job, { set: { charge: chargeOf(question, dataset.policy.budget), charged: 'reserved' } })
  if (!(await reserve(deps, now))) throw new Refused('budget-exhausted')
  await entry(deps, now, 'reserved', now.steps.prepare?.started ?? at)
  return now
}

/** For the custodian alone: what the analyst is not told. */
const logCount = (deps: Deps, job: JobItem, subjects: number, message: string): Promise<void> =>
  deps.objects.put(
    'protected',
    objectOf.log(job.jobId),
    jsonBytes({ subjects, runs: [], message } satisfies Log),
    'application/json',
  )

/**
 * Counts the cohort. Under `noise` the number is for the log and the custodian alone: whether it is small is a fact
 * that nobody has paid for, and the noise hides it. Otherwise, what is too small, or too near to what the person was
 * told before, goes no further, and nobody is told the number.
 */
export async function countCohort(
  deps: Deps,
  job: Item<JobItem>,
  { dataset, version }: Pick<Admitted, 'dataset' | 'version'>,
): Promise<{ subjects: number; fingerprint: string }> {
  const { subjects, fingerprint } = await deps.engine.count(version.data, job.cohort)
  const minimum = minimumSubjectsOf(dataset.policy)
  if (job.mode === 'noise') return { subjects, fingerprint }
  if (subjects < minimum) {
    await logCount(deps, job, subjects, `The cohort is smaller than the minimum of ${minimum}.`)
    throw new Refused('cohort-too-small')
  }
  const cells = [cohortCell(job.cohort, subjects, fingerprint)]
  if ((await cellsTooNear(deps, job, version, cells, minimum)).length > 0) {
    await rememberRefused(deps, job, cells, [0], deps.now().toISOString())
    await logCount(
      deps,
      job,
      subjects,
      'The cohort differs by a few subjects from one that this person has a result of.',
    )
    throw new Refused('differencing')
  }
  return { subjects, fingerprint }
}
