/** Questions about one dataset. */
import { queryOptions } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import { api } from '../session/session.ts'

export type Reading = Awaited<ReturnType<Client['datasets']['reading']>>

/** Asked often while its files are being read or stored. */
export const datasetQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['dataset', datasetId],
    queryFn: () => api.datasets.get({ params: { datasetId } }),
    refetchInterval: (q) => (q.state.data?.state === 'reading' ? 1_000 : 15_000),
  })
export const readingQuery = (datasetId: string) =>
  queryOptions({
    queryKey: ['reading', datasetId],
    queryFn: () => api.datasets.reading({ params: { datasetId } }),
    refetchInterval: (q) => (q.state.data?.state === 'reading' ? 1_000 : false),
  })
