/** Questions about datasets that several areas ask. */
import { useQuery } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import { api } from '../session/session.ts'
import { everything } from './everything.ts'

export type Dataset = Awaited<ReturnType<Client['datasets']['get']>>
export type Schema = NonNullable<Dataset['schema']>
export type Table = Schema['tables'][number]
export type Column = Table['columns'][number]
export type Policy = Dataset['policy']

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
