import { Button, Group, List, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { ProblemError } from '../../../../clients/api.ts'
import { jobLife } from '../../../../domain/jobs/life.ts'
import { jobQuery } from '../queries/jobs.ts'
import { JobTrouble } from '../parts/job/JobTrouble.tsx'
import { Steps } from '../parts/job/Steps.tsx'
import { useDraft } from '../hooks.ts'
import { count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { api } from '../session/session.ts'
import type { Dataset, Policy, Schema } from '../queries/datasets.ts'
import type { Step } from './StepBar.tsx'
import { policySentences } from './words.ts'

/**
 * What everybody will see, once more, and the button. A job then stores the tables; the version is in the catalogue
 * when it is done.
 */
export function Publish({
  dataset,
  schema,
  policy,
  back,
  done,
}: {
  dataset: Dataset
  schema: Schema
  policy: Policy
  back: (step: Step) => void
  done: () => void
}) {
  const [jobId, setJobId] = useDraft<string>(`publishing.${dataset.datasetId}`)
  const { data: job, error: lost } = useQuery({ ...jobQuery(jobId ?? ''), enabled: jobId !== undefined })
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const told = useRef(false)
  useEffect(() => {
    if (job?.state === 'succeeded' && !told.current) {
      told.current = true
      setJobId(undefined)
      done()
    }
  }, [job?.state, done, setJobId])
  const publish = async () => {
    setBusy(true)
    setError(undefined)
    try {
      const { rev } = await api.datasets.get({ params: { datasetId: dataset.datasetId } })
      setJobId(
        (await api.datasets.publish({ params: { datasetId: dataset.datasetId }, body: { rev, schema, policy } })).jobId,
      )
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  const live = jobId !== undefined && (!job || jobLife[job.state].live)
  const columns = schema.tables.reduce((n, t) => n + t.columns.length, 0)
  return (
    <Section title={live ? 'Storing the tables' : `Publish version ${dataset.version + 1}`}>
      <Stack maw={760}>
        {live ? (
          <>
            {job && <Steps job={job} />}
            <Text size="sm" c="dimmed">
              You can leave this page: it goes on without you.
            </Text>
            <ProblemNotice error={lost} />
          </>
        ) : (
          <>
            <Text size="sm">
              From now on people find <b>{dataset.title}</b> with {count(schema.tables.length, 'table')} and{' '}
              {count(columns, 'column')} as you declared them. They never see a value.
            </Text>
            <List size="sm" spacing={6}>
              {policySentences(policy).map((sentence) => (
                <List.Item key={sentence}>{sentence}</List.Item>
              ))}
            </List>
            {job && <JobTrouble job={job} />}
            <ProblemNotice
              error={error}
              title={
                error instanceof ProblemError && error.kind === 'invalid-schema'
                  ? 'The schema does not fit the files'
                  : undefined
              }
            />
            <Group>
              <Button onClick={() => void publish()} loading={busy}>
                Publish
              </Button>
              <Button variant="default" onClick={() => back('schema')}>
                Back to the schema
              </Button>
              <Button variant="default" onClick={() => back('policy')}>
                Back to the policy
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Section>
  )
}
