/** Output checking: what waits, what it is, and the votes that decide it. */
import { AlreadyExists, ConditionFailed, type Item } from '../../ports/table.ts'
import { record, whoOf } from '../kernel/audit.ts'
import type { Caller } from '../kernel/caller.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { indexKeyOf, type JobItem, keyOf, type VoteItem } from '../kernel/items.ts'
import { jobs } from './area.ts'
import { questionOf } from './listing.ts'
import { move, JobMovedOn } from '../workflow/job-item.ts'
import { keptDecision } from '../release/decision.ts'
import { toJob, type Viewer } from './view.ts'
import { putVote, votesOn } from '../release/votes.ts'
import { Names } from '../kernel/names.ts'
import type { StepDeps } from '../workflow/job-kind.ts'

type Routes = (typeof jobs)['routes']
/** Questions and answers on one output. */
const questionsAllowed = 40

const wrongState = (job: JobItem): Failure =>
  new Failure(
    'wrong-state',
    job.state === 'held' ? 'The checkers wait for no answer now.' : `Nothing is held here: the job is ${job.state}.`,
  )

function checkable(job: JobItem, caller: Caller): void {
  if (job.userId === caller.userId)
    throw new Failure(
      'own-output',
      'Nobody checks the output of their own analysis. Another checker has to look at it.',
    )
  if (job.state !== 'held') throw wrongState(job)
}

const reviews: Implementation<Routes['reviews'], StepDeps> = async ({ params, query, caller }, deps) => {
  const place = indexKeyOf.jobHeld.ofOrganisation
  const page = await deps.table.query<{ jobId: string; held: string }>(place.partition(params.organisationId), {
    index: true,
    prefix: place.prefix(query.state === 'open' ? { waiting: 1 } : {}),
    backwards: true,
    limit: query.limit,
    after: query.after,
  })
  const names = new Names(deps)
  const items = await Promise.all(
    page.items.map(async ({ jobId, held }) => {
      const [job, mine] = await Promise.all([
        deps.table.get<JobItem>(keyOf.job(jobId)),
        deps.table.get<VoteItem>(keyOf.vote(jobId, caller.userId)),
      ])
      if (!job || (query.state === 'open' && job.state !== 'held')) return []
      const [dataset, owner] = await Promise.all([names.dataset(job.datasetId), names.person(job.userId)])
      return [
        {
          jobId,
          title: job.title,
          dataset,
          owner,
          purpose: job.purpose,
          held,
          state: job.state,
          votes: job.votes ?? 0,
          voted: mine !== undefined,
          own: job.userId === caller.userId,
          waiting: job.waiting === 'checkers' || job.waiting === 'answer' ? job.waiting : undefined,
        },
      ]
    }),
  )
  return { items: items.flat(), next: page.next }
}

const review: Implementation<Routes['review'], StepDeps> = async ({ job, caller, subject }, deps) => {
  checkable(job, caller)
  const names = new Names(deps)
  // Unreleased output is about to be shown to a person.
  await record(deps, job.organisationId, whoOf(caller), [
    { act: 'job.inspected', object: `job ${job.jobId}`, detail: { as: 'checker', dataset: job.datasetId } },
  ])
  const [decision, question, votes] = await Promise.all([
    keptDecision(deps, job),
    questionOf(deps, job),
    votesOn(deps, job.jobId),
  ])
  if (!decision) throw wrongState(job)
  const mine = votes.find((v) => v.userId === caller.userId)
  const others = mine ? votes.filter((v) => v.userId !== caller.userId) : []
  return {
    job: await toJob(deps, names, job, { userId: caller.userId, subject }),
    question,
    findings: decision.findings,
    subjects: job.subjects ?? 0,
    outputs: decision.outputs,
    files: decision.files,
    votes: await Promise.all(
      others.map(async (v) => ({ name: await names.person(v.userId), vote: v.vote, comment: v.comment, at: v.at })),
    ),
    mine: mine && { vote: mine.vote, comment: mine.comment },
    questions: job.questions ?? [],
  }
}

const view = async (deps: StepDeps, jobId: string, caller: Caller, subject: Viewer['subject']) =>
  toJob(deps, new Names(deps), (await deps.table.get<JobItem>(keyOf.job(jobId)))!, { userId: caller.userId, subject })

async function say(
  deps: Deps,
  job: Item<JobItem>,
  by: 'checker' | 'analyst',
  text: string,
  waiting: 'answer' | 'checkers',
): Promise<void> {
  const questions = job.questions ?? []
  if (questions.length >= questionsAllowed)
    throw new Failure('wrong-state', 'Enough was asked about this output. Approve or reject it.')
  try {
    await move(deps, job, {
      set: { questions: [...questions, { by, text, at: deps.now().toISOString() }], waiting },
      unchanged: true,
    })
  } catch (e) {
    throw e instanceof JobMovedOn
      ? new Failure('wrong-state', 'Somebody voted, asked or answered at this moment. Load it again and repeat.')
      : e
  }
}

const vote: Implementation<Routes['vote'], StepDeps> = async ({ job, caller, subject, body }, deps) => {
  checkable(job, caller)
  if (body.vote === 'ask' && body.comment === '')
    throw new Failure('invalid-request', 'Write what you want to know.', [
      { path: '/body/comment', message: 'Missing', expected: 'a question' },
    ])
  await record(deps, job.organisationId, whoOf(caller), [
    { act: 'job.voted', object: `job ${job.jobId}`, detail: { vote: body.vote, dataset: job.datasetId } },
  ])
  if (body.vote === 'ask') {
    await say(deps, job, 'checker', body.comment, 'answer')
    return view(deps, job.jobId, caller, subject)
  }
  try {
    await putVote(deps, {
      jobId: job.jobId,
      userId: caller.userId,
      vote: body.vote,
      comment: body.comment,
      at: deps.now().toISOString(),
    })
  } catch (e) {
    // The same person, twice at once: the vote that came first stands.
    if (!(e instanceof AlreadyExists || e instanceof ConditionFailed)) throw e
  }
  const votes = await votesOn(deps, job.jobId)
  try {
    const counted = await move(deps, job, { set: { votes: votes.length } })
    await deps.kinds[job.kind].concludeHeld(deps, counted, 'request')
  } catch (e) {
    if (!(e instanceof JobMovedOn)) throw e
  }
  return view(deps, job.jobId, caller, subject)
}

const answer: Implementation<Routes['answer'], StepDeps> = async ({ job, caller, subject, body }, deps) => {
  if (job.state !== 'held' || job.waiting !== 'answer') throw wrongState(job)
  if (job.userId !== caller.userId) throw new Failure('forbidden', 'The question is for whoever asked the analysis.')
  await say(deps, job, 'analyst', body.text, 'checkers')
  return view(deps, job.jobId, caller, subject)
}

/** The function that serves output checkers. */
export const createReviews = (deps: StepDeps): LambdaHandler =>
  lambda(jobs, 'reviews', deps, { reviews, review, vote, answer })
