import { QueryClient } from '@tanstack/react-query'
import { ProblemError } from '../../../../clients/api.ts'

/**
 * A problem the server states is an answer, not a hiccup: only an unreachable server or its own failure is tried again.
 */
const worthAnotherTry = (failures: number, error: Error) =>
  failures < 2 && error instanceof ProblemError && (error.kind === 'unreachable' || error.kind === 'internal')

export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 5_000, retry: worthAnotherTry, refetchOnWindowFocus: true } },
})
