import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo } from 'react'
import { useAct, useDraft } from '../hooks.ts'
import { api } from '../session/session.ts'
import type { Plan, PlannedColumn, Synthesis } from './data.ts'
import { faultsOf } from './plan-draft.ts'

/** A plan as it is typed, kept in this browser; what it would cost, what is wrong with it, and confirming it. */
export function usePlan(synthesis: Synthesis) {
  const client = useQueryClient()
  const [draft, setDraft] = useDraft<Plan>(`synthesis.${synthesis.synthesisId}`)
  const plan = draft ?? synthesis.plan!
  const { busy, error: refused, act } = useAct()
  const [asked] = useDebouncedValue(plan, 400)
  const quote = useQuery({
    queryKey: ['synthesis-quote', synthesis.synthesisId, asked],
    queryFn: () => api.synthesis.quote({ params: { synthesisId: synthesis.synthesisId }, body: asked }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
  const put = useCallback((part: Partial<Plan>) => setDraft({ ...plan, ...part }), [plan, setDraft])
  const change = useCallback(
    (next: PlannedColumn) => setDraft({ ...plan, columns: plan.columns.map((c) => (c.name === next.name ? next : c)) }),
    [plan, setDraft],
  )
  const faults = useMemo(
    () => faultsOf(plan, quote.data, quote.error ?? refused, synthesis.faults),
    [plan, quote.data, quote.error, refused, synthesis.faults],
  )
  const confirm = () =>
    void act('confirm', async () => {
      client.setQueryData(
        ['synthesis', synthesis.synthesisId],
        await api.synthesis.confirm({
          params: { synthesisId: synthesis.synthesisId },
          body: { rev: synthesis.rev, plan },
        }),
      )
      setDraft(undefined)
      void client.invalidateQueries({ queryKey: ['syntheses'] })
    })
  return {
    plan,
    changed: draft !== undefined,
    put,
    change,
    discard: () => setDraft(undefined),
    faults,
    quote,
    stale: asked !== plan || quote.isFetching,
    refused,
    busy: busy !== '',
    confirm,
  }
}
