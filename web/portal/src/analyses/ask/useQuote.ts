import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Ask, Quote } from '../../queries/jobs.ts'
import { api } from '../../session/session.ts'

/**
 * What a question would cost and meet. It follows what is typed: `stale` until it is about the question as it stands.
 */
export function useQuote(ask: Ask, whole: boolean): { quote: Quote | undefined; error: unknown; stale: boolean } {
  const [settled] = useDebouncedValue(ask, 350)
  const about = JSON.stringify(settled)
  const { data, error, isPlaceholderData } = useQuery({
    queryKey: ['quote', about],
    queryFn: ({ signal }) => api.jobs.quote({ body: settled, signal }),
    enabled: whole,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
  })
  return { quote: data, error, stale: isPlaceholderData || about !== JSON.stringify(ask) }
}
