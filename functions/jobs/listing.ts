/** Jobs as lists and one by one: one's own, those on a dataset, and the question as it was asked. */
import type { jobs } from '../../contracts/jobs.ts'
import type { Item, QueryOptions } from '../../ports/table.ts'
import { notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { indexKeyOf, type JobItem, keyOf, type MemberItem } from '../kernel/items.ts'
import { memberSeen } from '../kernel/resources.ts'
import { objectOf } from '../workflow/job-item.ts'
import { toJob } from './view.ts'
import type { Pointer } from '../workflow/pointers.ts'
import { readJson } from '../kernel/stored-json.ts'
import { Names } from '../kernel/names.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import type { Question } from '../release/question.ts'

type Routes = (typeof jobs)['routes']
interface Filters {
  state?: JobItem['state'] | undefined
  language?: JobItem['language'] | undefined
  datasetId?: string | undefined
  limit: number
  after?: string | undefined
}

const fits = (job: JobItem, filters: Filters): boolean =>
  (filters.state === undefined || job.state === filters.state) &&
  (filters.language === undefined || job.language === filters.language) &&
  (filters.datasetId === undefined || job.datasetId === filters.datasetId)
/** Pages that are looked through for a filter before an answer may come back short. */
const pagesLooked = 10

/**
 * Reads pages until one has something that fits: a page may be shorter than asked, but is empty only when `pagesLooked`
 * of them were.
 */
async function pages(
  filters: Filters,
  read: (options: QueryOptions) => Promise<{ found: Item<JobItem>[]; next?: string | undefined }>,
): Promise<{ found: Item<JobItem>[]; next?: string | undefined }> {
  let after = filters.after
  for (let looked = 1; ; looked++) {
    const { found, next } = await read({
      index: true,
      // The same from a person's side and from a dataset's.
      prefix: indexKeyOf.job.ofDataset.prefix(),
      backwards: true,
      limit: filters.limit,
      after,
    })
    const fitting = found.filter((job) => fits(job, filters))
    if (fitting.length > 0 || next === undefined || looked >= pagesLooked) return { found: fitting, next }
    after = next
  }
}

export const list: Implementation<Routes['list'], WorkflowDeps> = async ({ query, caller }, deps) => {
  // A token that may not read jobs finds none; a person who has left an organisation no longer sees what they asked
  // there.
  if (caller.token && !caller.token.scopes.includes('jobs:read')) return { items: [] }
  const members = new Map<string, Promise<MemberItem | undefined>>()
  const memberOf = (organisationId: string): Promise<MemberItem | undefined> => {
    if (!members.has(organisationId)) members.set(organisationId, memberSeen(deps, caller, organisationId))
    return members.get(organisationId)!
  }
  const { found, next } = await pages(query, async (options) => {
    const page = await deps.table.query<Pointer>(indexKeyOf.jobOwner.asked.partition(caller.userId), options)
    const jobs = (await Promise.all(page.items.map((p) => deps.table.get<JobItem>(keyOf.job(p.jobId))))).filter(
      (job) => job !== undefined,
    )
    const seen = await Promise.all(jobs.map(async (job) => ((await memberOf(job.organisationId)) ? [job] : [])))
    return { found: seen.flat(), next: page.next }
  })
  const names = new Names(deps)
  const items = await Promise.all(
    found.map(async (job) =>
      toJob(deps, names, job, {
        userId: caller.userId,
        subject: { roles: (await memberOf(job.organisationId))!.roles, scopes: caller.token?.scopes },
      }),
    ),
  )
  return { items, next }
}

export const ofDataset: Implementation<Routes['ofDataset'], WorkflowDeps> = async (
  { query, dataset, caller, subject },
  deps,
) => {
  const { found, next } = await pages(query, async (options) => {
    const page = await deps.table.query<JobItem>(indexKeyOf.job.ofDataset.partition(dataset.datasetId), options)
    // Runs of pipelines are listed with their experiment; here lies what points at them.
    const found = await Promise.all(
      page.items.map(async (item) => (item.sk === 'JOB' ? item : deps.table.get<JobItem>(keyOf.job(item.jobId)))),
    )
    return { found: found.filter((job) => job !== undefined), next: page.next }
  })
  const names = new Names(deps)
  return {
    items: await Promise.all(found.map((job) => toJob(deps, names, job, { userId: caller.userId, subject }))),
    next,
  }
}

export const get: Implementation<Routes['get'], WorkflowDeps> = async ({ job, caller, subject }, deps) =>
  toJob(deps, new Names(deps), job, { userId: caller.userId, subject })

/**
 * The question. Jobs that nobody asked (reading a dataset's files) have none; a run of a pipeline on a dataset has one
 * (functions/pipelines/datasets.ts).
 */
export async function questionOf(deps: Pick<WorkflowDeps, 'objects' | 'kinds'>, job: JobItem): Promise<Question> {
  if (!deps.kinds[job.kind].hasQuestion) throw notFound()
  return readJson<Question>(deps, 'protected', objectOf.ask(job.jobId))
}

export const question: Implementation<Routes['question'], WorkflowDeps> = async ({ job }, deps) => questionOf(deps, job)
