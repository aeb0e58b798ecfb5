/** Questions about studies that several areas ask. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Study } from '../hooks.ts'
import { api } from '../session/session.ts'
import { everything } from './everything.ts'

export const useStudies = (organisationId: string | undefined) =>
  useQuery({
    queryKey: ['studies', organisationId],
    enabled: organisationId !== undefined,
    refetchInterval: 30_000,
    queryFn: (): Promise<Study[]> =>
      everything((after) =>
        api.studies.list({ params: { organisationId: organisationId! }, query: { limit: 200, after } }),
      ),
  })

export const studyQuery = (studyId: string) =>
  queryOptions({ queryKey: ['study', studyId], queryFn: () => api.studies.study({ params: { studyId } }) })
export const overviewQuery = (studyId: string) =>
  queryOptions({
    queryKey: ['overview', studyId],
    queryFn: () => api.runs.overview({ params: { studyId } }),
    refetchInterval: 3_000,
    refetchIntervalInBackground: false,
  })
export const linksQuery = (studyId: string) =>
  queryOptions({
    queryKey: ['links', studyId],
    queryFn: () => everything((after) => api.studies.links({ params: { studyId }, query: { limit: 200, after } })),
  })
