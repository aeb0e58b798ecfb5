import { Anchor, Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { type Review } from '../queries/jobs.ts'
import { Findings } from '../parts/job/Findings.tsx'
import { Outputs } from '../parts/job/Outputs.tsx'
import { QuestionCode } from '../parts/job/QuestionCode.tsx'
import { QuestionsAndAnswers } from '../parts/job/QuestionsAndAnswers.tsx'
import { cohortWords, stateWord } from '../parts/job/words.ts'
import { languageName } from '../parts/policy-words.ts'
import { ProblemError } from '../../../../clients/api.ts'
import { Empty } from '../parts/Empty.tsx'
import { bytes, count } from '../parts/figures.ts'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { Page, Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import { save } from '../parts/save.ts'
import { api } from '../session/session.ts'
import { VoteForm, Votes } from './Vote.tsx'
import styles from './ReviewPage.module.css'
import plotStyles from '../parts/Plot.module.css'

/**
 * One held output: what was asked and what for on the left, what would leave and what the machine found on the right,
 * and the vote.
 */
export function ReviewPage() {
  const { jobId } = useParams({ strict: false }) as { jobId: string }
  const back = { to: '/checks', label: 'Output checks' }
  // Each look is written into the audit chain: it is not repeated by itself.
  const {
    data: review,
    error,
    refetch,
    isFetching,
  } = useQuery({
    queryKey: ['review', jobId],
    queryFn: () => api.jobs.review({ params: { jobId } }),
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    retry: false,
  })
  if (!review) {
    if (error instanceof ProblemError && (error.kind === 'wrong-state' || error.kind === 'own-output'))
      return (
        <Page title="Output check" back={back}>
          <Empty
            title={error.kind === 'own-output' ? 'This is your own output' : 'There is nothing to check any more'}
            action={
              <Anchor component={Link} to={`/analyses/${jobId}`} underline="always">
                The analysis
              </Anchor>
            }
          >
            {error.message}
          </Empty>
        </Page>
      )
    return (
      <Page title="Output check" back={back}>
        {error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={8} />}
      </Page>
    )
  }
  return <Loaded review={review} again={() => void refetch()} busy={isFetching} />
}

function Loaded({ review, again, busy }: { review: Review; again: () => void; busy: boolean }) {
  const { job, question } = review
  return (
    <Page
      title={job.title}
      state={<StateBadge of="job" state={job.state} word={stateWord(job)} />}
      back={{ to: '/checks', label: 'Output checks' }}
      wide
      hint={
        <>
          {languageName[question.language]} on{' '}
          <Anchor component={Link} to={`/datasets/${job.datasetId}/overview`} inherit underline="always">
            {job.dataset}
          </Anchor>{' '}
          by {job.owner.name}, <RelativeTime at={job.created} />
        </>
      }
      action={
        (review.mine || job.waiting === 'answer') && (
          <Button variant="default" onClick={again} loading={busy}>
            Look again
          </Button>
        )
      }
    >
      <div className={`panel ${styles.purpose}`}>
        <Text size="sm" c="dimmed">
          Purpose
        </Text>
        <Text className="prose">{job.purpose || 'None was given.'}</Text>
      </div>
      <div className={styles.review}>
        <div>
          <Section
            title="What was asked"
            hint={
              <>
                {cohortWords(question.cohort)}: {count(review.subjects, 'subject')}
              </>
            }
          >
            <QuestionCode ask={question} />
            {Object.keys(question.parameters).length > 0 && (
              <ScrollCode text={JSON.stringify(question.parameters, null, 2)} label="Parameters" wrap />
            )}
          </Section>
          <Section title="What the machine found">
            <Findings findings={review.findings} />
          </Section>
        </div>
        <div>
          <Section
            title="What would leave"
            hint="Exactly this is released, and nothing else. Cells in which the machine found something are marked."
          >
            {review.outputs.length + review.files.length === 0 && (
              <Empty title="No outputs">The code wrote nothing that could be read.</Empty>
            )}
            <Outputs outputs={review.outputs} findings={review.findings} />
            {review.files.map((file) => (
              <File key={file.name} file={file} />
            ))}
          </Section>
        </div>
      </div>
      {review.questions.length > 0 && (
        <Section title="Questions and answers">
          <QuestionsAndAnswers items={review.questions} />
        </Section>
      )}
      <Votes review={review} />
      <VoteForm review={review} />
    </Page>
  )
}

/** A plot or file that waits. It is shown from its bytes; nothing is fetched and nothing in it runs. */
function File({ file }: { file: Review['files'][number] }) {
  const size = Math.floor((file.base64.length * 3) / 4)
  const image = /^image\/(png|jpeg|svg\+xml)$/.test(file.type)
  return (
    <figure className={plotStyles.plot}>
      {image && (
        <img
          src={`data:${file.type};base64,${file.base64}`}
          alt={`Plot ${file.name}`}
          className={plotStyles.releasedPlot}
        />
      )}
      <figcaption>
        <Group gap="sm">
          <Text size="sm">
            {file.name}, {bytes(size)}
          </Text>
          {!image && (
            <Anchor
              component="button"
              size="sm"
              onClick={() =>
                save(
                  file.name,
                  file.type,
                  Uint8Array.from(atob(file.base64), (c) => c.charCodeAt(0)),
                )
              }
            >
              Open it outside the portal
            </Anchor>
          )}
        </Group>
      </figcaption>
    </figure>
  )
}
