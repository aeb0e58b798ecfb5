/** Questions about synthetic tables that several pages ask. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import { api } from '../session/session.ts'
import { everything } from '../queries/everything.ts'

export type Synthesis = Awaited<ReturnType<Client['synthesis']['get']>>
export type Plan = NonNullable<Synthesis['plan']>
export type PlannedColumn = Plan['columns'][number]
export type Quote = Awaited<ReturnType<Client['synthesis']['quote']>>
export type Evaluation = Synthesis['evaluations'][number]

export const isProgressing = (s: Synthesis): boolean => s.state === 'reading' || s.state === 'running'

export const useSyntheses = (organisationId: string | undefined) =>
  useQuery({
    queryKey: ['syntheses', organisationId],
    enabled: organisationId !== undefined,
    refetchInterval: (q) => (q.state.data?.some(isProgressing) ? 2_000 : 30_000),
    queryFn: (): Promise<Synthesis[]> =>
      everything((after) =>
        api.synthesis.list({ params: { organisationId: organisationId! }, query: { limit: 200, after } }),
      ),
  })
/** Asked often while its file is read or its table is made. */
export const synthesisQuery = (synthesisId: string) =>
  queryOptions({
    queryKey: ['synthesis', synthesisId],
    queryFn: () => api.synthesis.get({ params: { synthesisId } }),
    refetchInterval: (q) => (q.state.data && isProgressing(q.state.data) ? 800 : 15_000),
  })
