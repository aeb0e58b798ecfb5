/** Questions about studies that several pages ask. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Study } from '../hooks.ts'
import { api } from '../session/session.ts'

/** All pages of a list. */
export async function everything<T>(
  ask: (after: string | undefined) => Promise<{ items: T[]; next?: string | undefined }>,
): Promise<T[]> {
  const all: T[] = []
  for (let after: string | undefined, first = true; first || after; first = false) {
    const page = await ask(after)
    all.push(...page.items)
    after = page.next
  }
  return all
}

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
