/** Questions about runs. */
import { queryOptions } from '@tanstack/react-query'
import type { Client } from '../../../../clients/api.ts'
import { runLife, type RunState } from '../../../../domain/runs/life.ts'
import { api } from '../session/session.ts'

export type Run = Awaited<ReturnType<Client['runs']['run']>>
type RunsPage = Awaited<ReturnType<Client['runs']['list']>>
export interface RunFilter {
  state: string
  condition: string
  preview: 'false' | 'true' | ''
}

export const pageSize = 100
const asked = (filter: RunFilter) => ({
  ...(filter.state ? { state: filter.state as RunState } : {}),
  ...(filter.condition ? { condition: filter.condition } : {}),
  ...(filter.preview ? { preview: filter.preview } : {}),
})
export const runsPage = (studyId: string, filter: RunFilter, after?: string): Promise<RunsPage> =>
  api.runs.list({ params: { studyId }, query: { limit: pageSize, after, ...asked(filter) } })
export const runQuery = (runId: string) =>
  queryOptions({ queryKey: ['run', runId], queryFn: () => api.runs.run({ params: { runId } }), refetchInterval: 5_000 })

export const mayOpenRun = (r: Pick<Run, 'state' | 'received'>): boolean => runLife[r.state].hasData && r.received > 0

/** Every run that matches and that can be opened; finished ones only, unless the filter names a state. */
export async function openable(studyId: string, filter: RunFilter): Promise<string[]> {
  const ids: string[] = []
  for (let after: string | undefined, first = true; first || after; first = false) {
    const page = await api.runs.list({
      params: { studyId },
      query: { limit: 200, after, ...asked({ ...filter, state: filter.state || 'completed' }) },
    })
    ids.push(...page.items.filter(mayOpenRun).map((r) => r.runId))
    after = page.next
  }
  return ids
}
