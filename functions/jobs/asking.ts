/** Asking a dataset: what it would cost, and the job. */
import type { jobs } from '../../contracts/jobs.ts'
import { strictest } from '../../domain/release/policy.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import { quoteOf } from '../../domain/jobs/quote.ts'
import { AlreadyExists, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { derivedId, newId } from '../kernel/ids.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { inJob } from '../kernel/resources.ts'
import type { Caller } from '../kernel/caller.ts'
import { livePointer, createIfAbsent, ownerPointer } from '../workflow/end-job.ts'
import { limitsOf } from './inputs.ts'
import { jsonBytes, objectOf } from '../workflow/job-item.ts'
import { type Question, type Terms, termsOf, usualEpsilon } from './admission.ts'
import { Names, toJob } from './view.ts'

type Routes = (typeof jobs)['routes']

/** Live jobs one person may have. */
const liveJobs = 20

const titleOf = (question: Question, dataset: string): string =>
  question.title ??
  `${{ sql: 'Query', python: 'Python', r: 'R', notebook: 'Notebook' }[question.language]} on ${dataset}`.slice(0, 120)

/** The job of a repeated request: the same question gets the same job, another one under the same key is refused. */
async function repeated(deps: Deps, caller: Caller, made: Item<JobItem>, askHash: string) {
  if (made.askHash !== askHash)
    throw new Failure(
      'already-exists',
      'This Idempotency-Key was used for another question. Use a new key for a new question.',
      [{ path: '/headers/Idempotency-Key', message: 'Used for another question' }],
    )
  const { subject } = await inJob(deps, caller, made.jobId, { permission: 'job.read' })
  await createIfAbsent(deps, ownerPointer(made))
  if (made.state === 'queued' && made.waiting !== 'approval' && !made.steps.prepare)
    await deps.workflow.start(made.jobId, made.attempt)
  return toJob(new Names(deps), made, { userId: caller.userId, subject })
}

/**
 * Writes, in this order: the question, the pointer by which the watch finds a live job, and the event; the job; the
 * pointer by which its owner does; then it starts. Killed before the job is there, nothing is visible and the watch
 * forgets the pointer; killed after, the watch finds the job and starts it.
 */
async function accept(
  deps: Deps,
  caller: Caller,
  jobId: string,
  askHash: string,
  question: Question,
  terms: Terms,
): Promise<Item<JobItem>> {
  const { dataset } = terms
  const job: JobItem = {
    jobId,
    kind: question.language === 'sql' ? 'query' : 'script',
    title: titleOf(question, dataset.name),
    state: 'queued',
    waiting: terms.approval === 'needed' ? 'approval' : 'turn',
    organisationId: dataset.organisationId,
    datasetId: dataset.datasetId,
    datasetVersion: dataset.version,
    userId: caller.userId,
    language: question.language,
    ...(terms.twin ? { twin: terms.twin } : { mode: question.mode }),
    purpose: question.purpose,
    cohort: terms.twin ? [] : question.cohort,
    ...(question.mode === 'noise' && !terms.twin ? { epsilon: question.epsilon ?? usualEpsilon } : {}),
    pin: terms.pin,
    askHash,
    created: deps.now().toISOString(),
    attempt: 1,
    steps: {},
  }
  await Promise.all([
    deps.objects.put('protected', objectOf.ask(jobId), jsonBytes(question), 'application/json'),
    createIfAbsent(deps, livePointer(job)),
    record(deps, job.organisationId, whoOf(caller), [
      {
        act: 'job.asked',
        object: `job ${jobId}`,
        detail: {
          dataset: job.datasetId,
          version: job.datasetVersion,
          language: question.language,
          mode: terms.twin ? 'twin' : question.mode,
          pin: job.pin,
        },
      },
    ]),
  ])
  const made = await deps.table.create<JobItem>({
    ...job,
    ...keyOf.job(jobId),
    gpk: keyOf.dataset(job.datasetId).pk,
    gsk: `JOB#${job.created}#${jobId}`,
  })
  await createIfAbsent(deps, ownerPointer(job))
  if (job.waiting !== 'approval') await deps.workflow.start(jobId, job.attempt)
  return made
}

export const ask: Implementation<Routes['ask']> = async ({ body, caller, idempotencyKey }, deps) => {
  const askHash = await sha256Hex(canonical(body))
  const jobId =
    idempotencyKey === undefined ? newId(deps, 'job') : await derivedId('job', caller.userId, idempotencyKey)
  if (idempotencyKey !== undefined) {
    const made = await deps.table.get<JobItem>(keyOf.job(jobId))
    if (made) return repeated(deps, caller, made, askHash)
  }
  const [terms, live] = await Promise.all([
    termsOf(deps, caller, body),
    deps.table.query('JOB#LIVE', { index: true, prefix: `${caller.userId}#`, limit: liveJobs, attributes: [] }),
  ])
  if (terms.faults[0]) throw terms.faults[0]
  if (live.items.length >= liveJobs)
    throw new Failure(
      'too-many-jobs',
      `You have ${liveJobs} jobs that are not over yet. Wait for one of them, or stop one.`,
    )
  try {
    const made = await accept(deps, caller, jobId, askHash, body, terms)
    return await toJob(new Names(deps), made, { userId: caller.userId, subject: terms.subject })
  } catch (e) {
    if (!(e instanceof AlreadyExists)) throw e
    // the same request, twice at once
    return repeated(deps, caller, (await deps.table.get<JobItem>(keyOf.job(jobId)))!, askHash)
  }
}

export const quote: Implementation<Routes['quote']> = async ({ body, caller }, deps) => {
  const terms = await termsOf(deps, caller, body)
  const forbidden = terms.faults.find((f) => f.kind === 'policy-forbids')
  if (forbidden) throw forbidden
  const { advice, approval, pin, dataset, budget, nanoRho } = terms
  // What is wrong beyond the code is said in the same list: the form shows one.
  const wrong = terms.faults
    .filter((f) => f.kind !== 'invalid-query')
    .map((f) => ({ level: 'error' as const, message: f.message, code: f.kind }))
  const figures = quoteOf({
    language: body.language,
    mode: body.mode,
    epsilon: body.epsilon,
    declared: body.declared,
    policy: strictest(dataset.policy.disclosure),
    limits: limitsOf(body),
    charge: BigInt(nanoRho),
    available: BigInt(budget?.available ?? 0),
    delta: dataset.policy.budget.delta,
    ...(terms.twin ? { twin: true as const } : {}),
  })
  return { acceptable: terms.faults.length === 0, advice: [...wrong, ...advice], approval, pin, ...figures }
}
