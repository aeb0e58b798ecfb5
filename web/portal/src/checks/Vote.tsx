import { Alert, Button, Group, Radio, Stack, Text, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Review } from '../queries/jobs.ts'
import { useDraft } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { api } from '../session/session.ts'
import choiceStyles from '../parts/choice.module.css'

type Choice = 'approve' | 'reject' | 'ask'
const choices: { value: Choice; title: string; text: string }[] = [
  { value: 'approve', title: 'Approve', text: 'Nobody can be singled out by this. Two approvals release it.' },
  { value: 'reject', title: 'Reject', text: 'It must not leave. Two rejections block it.' },
  { value: 'ask', title: 'Ask the analyst', text: 'The output stays held until they have answered.' },
]

/** The votes of others, once one has voted oneself. */
export function Votes({ review }: { review: Review }) {
  const { votes, mine } = review
  if (!mine) return null
  const differ = votes.some((v) => v.vote !== mine.vote)
  return (
    <Section title="Votes">
      {differ && (
        <Alert color="yellow" variant="outline" mb="sm" title="The votes differ">
          Each of you now sees the other’s. Either changes theirs, or a third checker decides.
        </Alert>
      )}
      <ul className="todo">
        <li>
          <Text size="sm">
            <b>You</b> {mine.vote === 'approve' ? 'approved' : 'rejected'}
          </Text>
          {mine.comment && (
            <Text size="sm" c="dimmed" className="prose">
              {mine.comment}
            </Text>
          )}
        </li>
        {votes.map((vote) => (
          <li key={vote.name + vote.at}>
            <Text size="sm">
              <b>{vote.name}</b> {vote.vote === 'approve' ? 'approved' : 'rejected'}, <RelativeTime at={vote.at} />
            </Text>
            {vote.comment && (
              <Text size="sm" c="dimmed" className="prose">
                {vote.comment}
              </Text>
            )}
          </li>
        ))}
      </ul>
      {votes.length === 0 && (
        <Text size="sm" c="dimmed">
          Another checker has to vote as well.
        </Text>
      )}
    </Section>
  )
}

/** Approve, reject or ask. What others voted is not shown before. */
export function VoteForm({ review }: { review: Review }) {
  const { job, mine } = review
  const client = useQueryClient()
  const navigate = useNavigate()
  const [draft, setDraft] = useDraft<{ vote: Choice | ''; comment: string }>(`vote.${job.jobId}`)
  const { vote, comment } = draft ?? { vote: mine?.vote ?? '', comment: mine?.comment ?? '' }
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const needsWords = vote === 'reject' || vote === 'ask'
  const voteWord = mine ? 'Change the vote' : 'Vote'
  if (job.state !== 'held') return null
  if (job.waiting === 'answer')
    return (
      <Text className="panel" role="status">
        A question has been asked. It can be voted on once the analyst has answered.
      </Text>
    )
  const send = async () => {
    if (!vote) return
    setBusy(true)
    setError(undefined)
    try {
      const next = await api.jobs.vote({ params: { jobId: job.jobId }, body: { vote, comment: comment.trim() } })
      setDraft(undefined)
      client.setQueryData(['job', job.jobId], next)
      void client.invalidateQueries({ queryKey: ['reviews'] })
      if (next.state === 'held') await client.invalidateQueries({ queryKey: ['review', job.jobId] })
      else void navigate({ to: '/checks' })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Section title={mine ? 'Change your vote' : 'Your vote'}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void send()
        }}
      >
        <Stack maw={720}>
          <Radio.Group aria-label="Your vote" value={vote} onChange={(v) => setDraft({ vote: v as Choice, comment })}>
            <Stack gap="xs">
              {choices.map((choice) => (
                <Radio.Card
                  key={choice.value}
                  value={choice.value}
                  className={choiceStyles.choice}
                  aria-label={choice.title}
                >
                  <Group wrap="nowrap" align="flex-start">
                    <Radio.Indicator mt={3} />
                    <div>
                      <Text fw={500}>{choice.title}</Text>
                      <Text size="sm" c="dimmed">
                        {choice.text}
                      </Text>
                    </div>
                  </Group>
                </Radio.Card>
              ))}
            </Stack>
          </Radio.Group>
          <Textarea
            label={vote === 'ask' ? 'Your question' : 'Comment'}
            description={
              vote === 'ask'
                ? 'The analyst reads it, without your name'
                : 'The other checker reads it after voting; the analyst does not'
            }
            required={needsWords}
            autosize
            minRows={2}
            maxLength={4000}
            value={comment}
            onChange={(e) => setDraft({ vote, comment: e.currentTarget.value })}
          />
          <ProblemNotice error={error} />
          <Group>
            <Button type="submit" loading={busy} disabled={!vote || (needsWords && !comment.trim())}>
              {vote === 'ask' ? 'Send the question' : voteWord}
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  )
}
