import { Button, Group, Stack, Text, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useDraft } from '../hooks.ts'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { api } from '../session/session.ts'
import type { Job } from './data.ts'

type Said = NonNullable<Job['checks']>['questions']

/** Questions of the checkers and the analyst's answers, in order; checkers stay nameless. */
export const Said = ({ items }: { items: Said }) => (
  <ol className="thread" aria-label="Questions and answers">
    {items.map((q, i) => (
      <li key={i} data-by={q.by}>
        <Text size="xs" c="dimmed">
          {q.by === 'checker' ? 'A checker asked' : 'The analyst answered'}, <RelativeTime at={q.at} />
        </Text>
        <Text size="sm" className="prose">
          {q.text}
        </Text>
      </li>
    ))}
  </ol>
)

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
    <section className="panel apart" aria-label="Questions of the checkers">
      <Said items={items} />
      {job.may.includes('answer') && (
        <form
          onSubmit={(e) => {
            e.preventDefault()
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
