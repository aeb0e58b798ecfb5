/**
 * The first step: may this still be asked, is what was approved what will run, are there enough subjects, does the
 * budget cover it; then what computes gets its inputs.
 */
import { backstage } from '../../contracts/backstage.ts'
import { whyNot } from '../../domain/datasets/asking.ts'
import { minimumSubjectsOf } from '../../domain/datasets/policy-rules.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import { endOf, type JobCode } from '../../domain/release/job-codes.ts'
import type { Container } from '../../domain/jobs/container.ts'
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { guarded } from '../kernel/grants.ts'
import { preparePipeline } from '../pipelines/workflow-steps.ts'
import {
  type ApprovalItem,
  type DatasetItem,
  type DatasetVersionItem,
  type JobItem,
  keyOf,
  type MemberItem,
} from '../kernel/items.ts'
import { entry, reserve } from './budget-charge.ts'
import { cohortCell, cellsTooNear, rememberRefused } from '../release/told-before.ts'
import { writeInputs, planFor } from '../jobs/inputs.ts'
import {
  jobIfUndecided,
  decided,
  jsonBytes,
  type Log,
  move,
  objectOf,
  JobMovedOn,
  readJson,
  stepEnded,
  stepStarted,
  type StepInput,
} from './job-item.ts'
import { prepareSynthesis } from '../synthesis/prepare.ts'
import { chargeOf, pinFor, type Question } from '../jobs/admission.ts'
import { isTrial, prepareTrial } from '../jobs/trial.ts'

export interface Prepared {
  jobId: string
  attempt: number
  compute: 'query' | 'container' | 'pipeline' | 'registration' | 'none'
  container?: { manifest: string } & Container
}

/** The job does not run on: a problem that its own declarations or its cohort have. */
class Refused extends Error {
  override name = 'Refused'
  readonly code: JobCode
  constructor(code: JobCode) {
    super(code)
    this.code = code
  }
}

interface Found {
  question: Question
  dataset: Item<DatasetItem>
  version: Item<DatasetVersionItem>
}

/** What was true when it was asked must be true when it runs. */
async function stillAllowed(deps: Deps, job: JobItem): Promise<Found> {
  const [question, dataset, version, member, approval] = await Promise.all([
    readJson<Question>(deps, 'protected', objectOf.ask(job.jobId)),
    deps.table.get<DatasetItem>(keyOf.dataset(job.datasetId)),
    deps.table.get<DatasetVersionItem>(keyOf.datasetVersion(job.datasetId, job.datasetVersion)),
    deps.table.get<MemberItem>(keyOf.member(job.organisationId, job.userId)),
    deps.table.get<ApprovalItem>(keyOf.approval(job.datasetId, job.pin)),
  ])
  // A run of a pipeline is asked by its experiment: what it runs is kept in the job itself.
  if (!dataset || !version || (job.kind !== 'pipeline' && (await sha256Hex(canonical(question))) !== job.askHash))
    throw new Refused('infrastructure')
  const { policy } = dataset
  if (
    !member ||
    whyNot(dataset, { roles: member.roles, userId: job.userId }, deps.now().toISOString().slice(0, 10)) !== undefined
  )
    throw new Refused('policy-changed')
  if (!policy.languages.includes(question.language) || !policy.modes.includes(question.mode))
    throw new Refused('policy-changed')
  if (policy.approval && job.kind === 'pipeline') throw new Refused('policy-changed')
  if (policy.approval && (!approval || (await pinFor(deps, question, version)) !== job.pin))
    throw new Refused('approval-stale')
  return { question, dataset, version }
}

/**
 * Takes the charge before anything touches the data. The job says so first, so that a crash in between leaves nothing
 * that nobody would give back.
 */
async function charge(
  deps: Deps,
  job: Item<JobItem>,
  { question, dataset }: Found,
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
async function count(
  deps: Deps,
  job: Item<JobItem>,
  { dataset, version }: Found,
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

async function prepare(deps: Deps, found: Item<JobItem>): Promise<Omit<Prepared, 'jobId' | 'attempt'>> {
  const at = deps.now().toISOString()
  let job = await move(deps, found, {
    to: 'running',
    set: { steps: stepStarted(found.kind === 'pipeline' ? found.steps : {}, 'prepare', at) },
    remove: ['waiting'],
  })
  if (job.kind === 'registration') {
    await move(deps, job, { set: { steps: stepStarted(stepEnded(job.steps, 'prepare', at), 'compute', at) } })
    return { compute: 'registration' }
  }
  if (job.kind === 'pipeline' && job.datasetId === '') return preparePipeline(deps, job, at)
  if (isTrial(job)) {
    const container = await prepareTrial(deps, job)
    return container ? { compute: 'container', container } : { compute: 'none' }
  }
  if (job.kind === 'synthesis') {
    const container = await prepareSynthesis(deps, job, at)
    return container ? { compute: 'container', container } : { compute: 'none' }
  }
  try {
    const what = await stillAllowed(deps, job)
    if (job.mode === 'noise') job = await charge(deps, job, what, at)
    const counted = await count(deps, job, what)
    if (job.kind === 'pipeline')
      return await preparePipeline(deps, await move(deps, job, { set: counted }), at, what.dataset)
    const plan =
      job.kind === 'script' ? planFor(what.question, counted.subjects, what.dataset.declaredSubjects) : undefined
    if (typeof plan === 'string') throw new Refused(plan)
    const container = plan ? await writeInputs(deps, job, what.question, plan, what.dataset, what.version) : undefined
    const now = deps.now().toISOString()
    await move(deps, job, {
      set: { ...counted, steps: stepStarted(stepEnded(job.steps, 'prepare', now), 'compute', now) },
    })
    return container ? { compute: 'container', container } : { compute: 'query' }
  } catch (e) {
    if (!(e instanceof Refused)) throw e
    await move(deps, job, {
      set: decided(job, endOf(e.code) as 'blocked' | 'failed', deps.now().toISOString(), {
        code: e.code,
        step: 'prepare',
      }),
      ...(e.code === 'budget-exhausted' ? { remove: ['charge', 'charged'] as const } : {}),
    })
    return { compute: 'none' }
  }
}

/**
 * The workflow's step. `none` when there is nothing (left) to compute: the job was refused, decided, cancelled, or
 * another attempt has it.
 */
export function createPrepare(unguarded: Deps): (input: StepInput) => Promise<Prepared> {
  const deps = guarded(unguarded, 'prepare', backstage.find((f) => f.area === 'jobs' && f.name === 'prepare')!.grants)
  return async ({ jobId, attempt }) => {
    const job = await jobIfUndecided(deps, jobId, attempt)
    try {
      return { jobId, attempt, ...(job ? await prepare(deps, job) : { compute: 'none' as const }) }
    } catch (e) {
      if (!(e instanceof JobMovedOn)) throw e
      return { jobId, attempt, compute: 'none' }
    }
  }
}
