/** Jobs as lists and one by one: one's own, those on a dataset, and the question as it was asked. */
import type { Ask, jobs } from '../../contracts/jobs.ts'
import type { z } from 'zod'
import type { Item, QueryOptions } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { notFound } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type JobItem, keyOf, type MemberItem } from '../kernel/items.ts'
import type { Pointer } from '../workflow/end-job.ts'
import { objectOf, readJson } from '../workflow/job-item.ts'
import { Names, toJob } from './view.ts'

type Routes = (typeof jobs)['routes']
interface Filters {
  state?: JobItem['state'] | undefined
  language?: JobItem['language'] | undefined
  datasetId?: string | undefined
  limit: number
  after?: string | undefined
}

const fits = (job: JobItem, f: Filters): boolean =>
  (f.state === undefined || job.state === f.state) &&
  (f.language === undefined || job.language === f.language) &&
  (f.datasetId === undefined || job.datasetId === f.datasetId)
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
      prefix: 'JOB#',
      backwards: true,
      limit: filters.limit,
      after,
    })
    const fitting = found.filter((job) => fits(job, filters))
    if (fitting.length > 0 || next === undefined || looked >= pagesLooked) return { found: fitting, next }
    after = next
  }
}

export const list: Implementation<Routes['list']> = async ({ query, caller }, deps) => {
  // A token that may not read jobs finds none; a person who has left an organisation no longer sees what they asked
  // there.
  if (caller.token && !caller.token.scopes.includes('jobs:read')) return { items: [] }
  const members = new Map<string, Promise<MemberItem | undefined>>()
  const memberOf = (organisationId: string): Promise<MemberItem | undefined> => {
    if (!members.has(organisationId))
      members.set(organisationId, deps.table.get<MemberItem>(keyOf.member(organisationId, caller.userId)))
    return members.get(organisationId)!
  }
  const { found, next } = await pages(query, async (options) => {
    const page = await deps.table.query<Pointer>(keyOf.person(caller.userId).pk, options)
    const jobs = (
      await Promise.all(page.items.map((p) => deps.table.get<JobItem>(keyOf.job(p.pk.slice('JOB#'.length)))))
    ).filter((job) => job !== undefined)
    const seen = await Promise.all(jobs.map(async (job) => ((await memberOf(job.organisationId)) ? [job] : [])))
    return { found: seen.flat(), next: page.next }
  })
  const names = new Names(deps)
  const items = await Promise.all(
    found.map(async (job) =>
      toJob(names, job, {
        userId: caller.userId,
        subject: { roles: (await memberOf(job.organisationId))!.roles, scopes: caller.token?.scopes },
      }),
    ),
  )
  return { items, next }
}

export const ofDataset: Implementation<Routes['ofDataset']> = async ({ query, dataset, caller, subject }, deps) => {
  const { found, next } = await pages(query, async (options) => {
    const page = await deps.table.query<JobItem>(keyOf.dataset(dataset.datasetId).pk, options)
    // Runs of pipelines are listed with their experiment; here lies what points at them.
    const found = await Promise.all(
      page.items.map(async (item) =>
        item.sk === 'JOB' ? item : deps.table.get<JobItem>(keyOf.job(item.pk.slice('JOB#'.length))),
      ),
    )
    return { found: found.filter((job) => job !== undefined), next: page.next }
  })
  const names = new Names(deps)
  return {
    items: await Promise.all(found.map((job) => toJob(names, job, { userId: caller.userId, subject }))),
    next,
  }
}

export const get: Implementation<Routes['get']> = async ({ job, caller, subject }, deps) =>
  toJob(new Names(deps), job, { userId: caller.userId, subject })

/**
 * The question. Jobs that nobody asked (reading a dataset's files) have none; a run of a pipeline on a dataset has one
 * (functions/pipelines/datasets.ts).
 */
export async function questionOf(deps: Pick<Deps, 'objects'>, job: JobItem): Promise<z.output<typeof Ask>> {
  if (job.kind !== 'query' && job.kind !== 'script' && job.kind !== 'pipeline') throw notFound()
  return readJson<z.output<typeof Ask>>(deps, 'protected', objectOf.ask(job.jobId))
}

export const question: Implementation<Routes['question']> = async ({ job }, deps) => questionOf(deps, job)
