/** A job as people see it: never a count, never a text that could quote a row. */
import type { z } from 'zod'
import type { Job } from '../../contracts/jobs.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import { jobCodes, type JobProblem } from '../../domain/release/job-codes.ts'
import { jobLife, type JobStep, jobSteps, votesNeeded } from '../../domain/jobs/life.ts'
import { type JobItem } from '../kernel/items.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { Names } from '../kernel/names.ts'

type View = z.input<typeof Job>
export interface Viewer {
  userId: string
  subject: Subject
}

const whole = (instant: string): string => `${instant.slice(0, 19)}Z`

/** Steps in whole seconds: finer times would tell how long the data took. */
function stepView(job: JobItem, step: JobStep): View['steps'][number] {
  const at = job.steps[step]
  const live = jobLife[job.state].live
  if (!at) return { step, state: live ? 'waiting' : 'skipped' }
  const started = whole(at.started)
  if (at.ended !== undefined) return { step, state: at.failed ? 'failed' : 'done', started, ended: whole(at.ended) }
  return { step, state: live && !at.failed ? 'running' : 'failed', started }
}

/** Stage, code, class and line; whatever else a problem may have come to carry stays here. */
const problemView = (problem: JobProblem): View['problem'] => ({
  code: problem.code,
  message: jobCodes[problem.code],
  step: problem.step,
  errorClass: problem.errorClass,
  line: problem.line,
  cell: problem.cell,
  names: problem.names,
})

/** What this person may do with the job in its present state. */
function mayDo(job: JobItem, { userId, subject }: Viewer): View['may'] {
  const who = { ...subject, owner: job.userId === userId }
  const live = jobLife[job.state].live
  return [
    ...(live && may(who, 'job.steer') ? ['cancel' as const] : []),
    ...(job.waiting === 'approval' && !who.owner && may(who, 'job.approve') ? ['approve' as const] : []),
    ...(may(who, 'job.inspect') ? ['inspect' as const] : []),
    ...(job.state === 'held' && !who.owner && may(who, 'job.check') ? ['check' as const] : []),
    ...(job.waiting === 'answer' && may(who, 'job.steer') ? ['answer' as const] : []),
  ]
}

/** A job as this viewer may see it; names are looked up by `names`. */
export async function toJob(
  { kinds }: Pick<WorkflowDeps, 'kinds'>,
  names: Names,
  job: JobItem,
  viewer: Viewer,
): Promise<View> {
  const [dataset, owner] = await Promise.all([names.dataset(job.datasetId), names.person(job.userId)])
  const over = !jobLife[job.state].live
  return {
    jobId: job.jobId,
    kind: job.kind,
    title: job.title,
    state: job.state,
    waiting: over ? undefined : job.waiting,
    datasetId: job.datasetId,
    dataset,
    datasetVersion: job.datasetVersion,
    organisationId: job.organisationId,
    owner: { userId: job.userId, name: owner },
    language: job.language,
    mode: job.mode,
    purpose: job.purpose,
    cohort: job.cohort,
    epsilon: job.epsilon,
    created: job.created,
    ended: job.ended === undefined ? undefined : whole(job.ended),
    steps: jobSteps.map((step) => stepView(job, step)),
    problem: over && job.problem ? problemView(job.problem) : undefined,
    findings: over ? (job.findings ?? []) : [],
    confinement: job.confinement,
    pin: job.pin,
    hasResult: kinds[job.kind].hasResult && job.state === 'succeeded' && job.released !== undefined,
    may: mayDo(job, viewer),
    on: job.twin ? 'twin' : undefined,
    ...(job.mode === 'review' && (job.votes !== undefined || job.questions)
      ? { checks: { votes: job.votes ?? 0, needed: votesNeeded, questions: job.questions ?? [] } }
      : {}),
  }
}
