/** Questions about a study's versions. */
import { queryOptions } from '@tanstack/react-query'
import { everything } from '../queries/everything.ts'
import { api } from '../session/session.ts'

export const versionsQuery = (studyId: string) =>
  queryOptions({
    queryKey: ['versions', studyId],
    queryFn: () => everything((after) => api.studies.versions({ params: { studyId }, query: { limit: 200, after } })),
  })
export const versionQuery = (studyId: string, version: number) =>
  queryOptions({
    queryKey: ['version', studyId, version],
    staleTime: Infinity,
    queryFn: () => api.studies.version({ params: { studyId, version } }),
  })
