import { Button, Group, Stack, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDraft } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { QuestionsAndAnswers } from '../parts/job/QuestionsAndAnswers.tsx'
import { api } from '../session/session.ts'
import type { Job } from '../queries/jobs.ts'
import styles from './Thread.module.css'

/** The analyst's side: read what was asked and answer. */
export function Thread({ job }: { job: Job }) {
  const client = useQueryClient()
  const [text, setText] = useDraft<string>(`answer.${job.jobId}`)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const send = async () => {
    setBusy(true)
    setError(undefined)
    try {
      client.setQueryData(
        ['job', job.jobId],
        await api.jobs.answer({ params: { jobId: job.jobId }, body: { text: (text ?? '').trim() } }),
      )
      setText(undefined)
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  const items = job.checks?.questions ?? []
  if (items.length === 0 && !job.may.includes('answer')) return null
  return (
    <section className={`panel ${styles.apart}`} aria-label="Questions of the checkers">
      <QuestionsAndAnswers items={items} />
      {job.may.includes('answer') && (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void send()
          }}
        >
          <Stack gap="sm" mt="sm" maw={680}>
            <Textarea
              label="Your answer"
              autosize
              minRows={2}
              maxLength={4000}
              value={text ?? ''}
              onChange={(e) => setText(e.currentTarget.value)}
            />
            <ProblemNotice error={error} />
            <Group>
              <Button type="submit" loading={busy} disabled={!(text ?? '').trim()}>
                Answer
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </section>
  )
}
