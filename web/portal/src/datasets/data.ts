/** Questions about datasets that several pages ask. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import { api } from '../session/session.ts'
import { everything } from '../studies/data.ts'

export type Dataset = Awaited<ReturnType<Client['datasets']['get']>>
export type Schema = NonNullable<Dataset['schema']>
export type Table = Schema['tables'][number]
export type Column = Table['columns'][number]
export type Policy = Dataset['policy']
export type Reading = Awaited<ReturnType<Client['datasets']['reading']>>

export const useDatasets = (organisationId: string | undefined) =>
  useQuery({
    queryKey: ['datasets', organisationId],
    enabled: organisationId !== undefined,
    refetchInterval: 30_000,
    queryFn: (): Promise<Dataset[]> =>
      everything((after) =>
        api.datasets.list({ params: { organisationId: organisationId! }, query: { limit: 200, after } }),
      ),
  })
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
