import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useAct } from '../../hooks.ts'
import type { Ask } from '../../queries/jobs.ts'
import { api } from '../../session/session.ts'

/** Asks the question and goes to its page. */
export function useSubmission(
  ask: Ask,
  whole: boolean,
  forgetDraft: () => void,
): { submit: () => void; busy: boolean; refused: unknown; forgetRefusal: () => void } {
  const client = useQueryClient()
  const navigate = useNavigate()
  const { busy, error, act, forget } = useAct()
  const submit = () =>
    act('ask', async () => {
      // Pressing again after a lost answer asks for the same job; a changed question is another one (clients/api.ts).
      const job = await api.jobs.ask({ body: ask })
      client.setQueryData(['job', job.jobId], job)
      void client.invalidateQueries({ queryKey: ['jobs'] })
      void client.invalidateQueries({ queryKey: ['dataset', ask.dataset] })
      forgetDraft()
      void navigate({ to: `/analyses/${job.jobId}` })
    })
  return {
    submit: () => {
      if (whole) void submit()
    },
    busy: busy !== '',
    refused: error,
    forgetRefusal: forget,
  }
}
