/** Questions about analyses that several areas ask. */
import { queryOptions, useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import type { Language } from '../../../../domain/datasets/policy.ts'
import { jobLife, type JobState } from '../../../../domain/jobs/life.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { api } from '../session/session.ts'
import { type Dataset, useDatasets } from './datasets.ts'

export type Job = Awaited<ReturnType<Client['jobs']['get']>>
export type Ask = Awaited<ReturnType<Client['jobs']['question']>>
export type Quote = Awaited<ReturnType<Client['jobs']['quote']>>
export type Result = Awaited<ReturnType<Client['jobs']['result']>>
export type Output = Result['outputs'][number]
export type Cell = Output['rows'][number][number]
export type Review = Awaited<ReturnType<Client['jobs']['review']>>
export type Reviews = Awaited<ReturnType<Client['jobs']['reviews']>>

/** Something happens to it without anybody acting. */
export const isProgressing = (job: Pick<Job, 'state' | 'waiting'>): boolean =>
  jobLife[job.state].live && job.state !== 'held' && job.waiting !== 'approval'
/** Steps of a job take well under a second: asked often while it moves, seldom while it waits for people. */
export const jobQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['job', jobId],
    queryFn: () => api.jobs.get({ params: { jobId } }),
    refetchInterval: ({ state: { data: job } }) => {
      if (!job) return 2_000
      if (isProgressing(job)) return 600
      return jobLife[job.state].live ? 5_000 : false
    },
  })

export interface JobFilter {
  state?: JobState | undefined
  datasetId?: string | undefined
  language?: Language | undefined
}
const pageSize = 50
/** Refreshed while the newest pages are all there is to refresh, faster while something moves. */
function pace(pages: readonly { items: Job[] }[] = []): number | false {
  if (pages.length > 2) return false
  return pages.some((page) => page.items.some(isProgressing)) ? 1_500 : 8_000
}
export const useMyJobs = (filter: JobFilter, enabled = true) =>
  useInfiniteQuery({
    queryKey: ['jobs', 'mine', filter],
    enabled,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => api.jobs.list({ query: { limit: pageSize, after: pageParam, ...filter } }),
    getNextPageParam: (page) => page.next,
    refetchInterval: (q) => pace(q.state.data?.pages),
  })
export const useJobsOf = (datasetId: string, { datasetId: _, ...filter }: JobFilter) =>
  useInfiniteQuery({
    queryKey: ['jobs', 'of', datasetId, filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      api.jobs.ofDataset({ params: { datasetId }, query: { limit: pageSize, after: pageParam, ...filter } }),
    getNextPageParam: (page) => page.next,
    refetchInterval: (q) => pace(q.state.data?.pages),
  })

/** Reading and storing a dataset's files are jobs as well; they belong to its registration. */
export const asked = (job: Pick<Job, 'kind'>): boolean => job.kind !== 'registration'

/** The newest analyses of every dataset that I answer for. */
export function useKeptJobs(filter: JobFilter, enabled = true): { jobs: Job[]; pending: boolean; error: Error | null } {
  const here = useOrganisation()
  const may = useMay()
  const { data: datasets } = useDatasets(enabled ? here?.organisationId : undefined)
  const kept: Dataset[] =
    enabled && may('datasets.create')
      ? (datasets ?? []).filter((d) => d.version > 0 && (!filter.datasetId || d.datasetId === filter.datasetId))
      : []
  const { datasetId: _, ...rest } = filter
  const answers = useQueries({
    queries: kept.slice(0, 50).map((dataset) => ({
      queryKey: ['jobs', 'kept', dataset.datasetId, rest],
      queryFn: () => api.jobs.ofDataset({ params: { datasetId: dataset.datasetId }, query: { limit: 100, ...rest } }),
      refetchInterval: 5_000,
    })),
  })
  return {
    jobs: answers
      .flatMap((a) => a.data?.items ?? [])
      .filter(asked)
      .sort((a, b) => b.created.localeCompare(a.created)),
    pending: enabled && (datasets === undefined || answers.some((a) => a.isPending)),
    error: answers.find((a) => a.error)?.error ?? null,
  }
}

export const useReviews = (organisationId: string | undefined, state: 'open' | 'all' = 'open') =>
  useQuery({
    queryKey: ['reviews', organisationId, state],
    enabled: organisationId !== undefined,
    refetchInterval: 10_000,
    queryFn: async () =>
      (await api.jobs.reviews({ params: { organisationId: organisationId! }, query: { limit: 200, state } })).items,
  })
