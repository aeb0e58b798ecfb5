/** Asking a dataset: what it would cost, and the job. */
import type { jobs } from '../../contracts/jobs.ts'
import { strictest } from '../../domain/release/policy.ts'
import { canonical, sha256Hex } from '../../domain/hash.ts'
import { mostQuestions } from '../../domain/jobs/places.ts'
import { quoteOf } from '../../domain/jobs/quote.ts'
import { type Item } from '../../ports/table.ts'
import { whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { intendedId } from '../kernel/intent.ts'
import { indexKeyOf, type JobItem, keyOf } from '../kernel/items.ts'
import { inJob } from '../kernel/resources.ts'
import type { Caller } from '../kernel/caller.ts'
import { limitsOf } from './inputs.ts'
import { type Terms, termsOf } from './admission.ts'
import { toJob } from './view.ts'
import { ownerPointer } from '../workflow/pointers.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import { jsonBytes } from '../kernel/stored-json.ts'
import { type Question, usualEpsilon } from '../release/question.ts'
import { Names } from '../kernel/names.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { takePlaces } from '../workflow/places.ts'
import { submit, underTheWatch } from '../workflow/submit.ts'

type Routes = (typeof jobs)['routes']

const titleOf = (question: Question, dataset: string): string =>
  question.title ??
  `${{ sql: 'Query', python: 'Python', r: 'R', notebook: 'Notebook' }[question.language]} on ${dataset}`.slice(0, 120)

/** The job of a repeated request. */
async function repeated(deps: WorkflowDeps, caller: Caller, made: Item<JobItem>, question: Question) {
  const { subject } = await inJob(deps, caller, made.jobId, { permission: 'job.read' })
  await createIfAbsent(deps, ownerPointer(deps, made))
  if (made.state === 'queued' && !made.steps.prepare) await underTheWatch(deps, made, jsonBytes(question))
  if (made.state === 'queued' && made.waiting !== 'approval' && !made.steps.prepare)
    await deps.workflow.start(made.jobId, made.attempt)
  return toJob(deps, new Names(deps), made, { userId: caller.userId, subject })
}

/** Submits the job of an accepted question. Killed after the job is there and before it starts, the watch starts it. */
async function accept(
  deps: WorkflowDeps,
  caller: Caller,
  jobId: string,
  askHash: string,
  question: Question,
  terms: Terms,
): Promise<{ job: Item<JobItem>; made: boolean }> {
  const { dataset, twin } = terms
  const created = deps.now().toISOString()
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
    ...(twin ? { twin } : { mode: question.mode }),
    purpose: question.purpose,
    cohort: twin ? [] : question.cohort,
    ...(question.mode === 'noise' && !twin ? { epsilon: question.epsilon ?? usualEpsilon } : {}),
    pin: terms.pin,
    askHash,
    created,
    attempt: 1,
    steps: {},
  }
  return submit(deps, {
    job,
    ask: jsonBytes(question),
    listed: indexKeyOf.job.ofDataset(job),
    event: {
      who: whoOf(caller),
      entry: {
        act: 'job.asked',
        object: `job ${jobId}`,
        detail: {
          dataset: job.datasetId,
          version: job.datasetVersion,
          language: question.language,
          mode: twin ? 'twin' : question.mode,
          pin: job.pin,
        },
      },
    },
  })
}

export const ask: Implementation<Routes['ask'], WorkflowDeps> = async ({ body, caller, intent }, deps) => {
  const askHash = await sha256Hex(canonical(body))
  const jobId = await intendedId(intent, 'job')
  const before = intent.repeated && (await deps.table.get<JobItem>(keyOf.job(jobId)))
  if (before) return repeated(deps, caller, before, body)
  const terms = await termsOf(deps, caller, body)
  if (terms.faults[0]) throw terms.faults[0]
  if (!(await takePlaces(deps, { userId: caller.userId, line: 'questions', most: mostQuestions }, [jobId])))
    throw new Failure(
      'too-many-jobs',
      `You have ${mostQuestions} analyses that are not over yet. Wait for one of them, or stop one.`,
    )
  const { job, made } = await accept(deps, caller, jobId, askHash, body, terms)
  // The same request, twice at once.
  if (!made) return repeated(deps, caller, job, body)
  if (job.waiting !== 'approval') await deps.workflow.start(jobId, job.attempt)
  return toJob(deps, new Names(deps), job, { userId: caller.userId, subject: terms.subject })
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
