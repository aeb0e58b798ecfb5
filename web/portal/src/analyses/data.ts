/** Questions about one analysis: what was asked, what came of it, whether it can be tried. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Dataset } from '../queries/datasets.ts'
import { api } from '../session/session.ts'

export const questionQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['question', jobId],
    staleTime: Infinity,
    queryFn: () => api.jobs.question({ params: { jobId } }),
  })
export const resultQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['result', jobId],
    staleTime: 4 * 60_000,
    queryFn: () => api.jobs.result({ params: { jobId } }),
  })

/** Whether a synthetic version of one of its tables is there for this person to try code on. */
export const useTwin = ({ organisationId, datasetId }: Pick<Dataset, 'organisationId' | 'datasetId'>): boolean =>
  useQuery({
    queryKey: ['syntheses', organisationId, datasetId],
    staleTime: 60_000,
    queryFn: () => api.synthesis.list({ params: { organisationId }, query: { limit: 200, datasetId } }),
  }).data?.items.some((s) => s.state === 'ready') ?? false
