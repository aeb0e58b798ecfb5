import { Alert, Button, Group, Stack, Table, Text, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useRecentLogin } from '../hooks.ts'
import { CopyId } from '../parts/CopyId.tsx'
import { LoadingRows } from '../parts/LoadingRows.tsx'
import { count } from '../parts/figures.ts'
import { Section } from '../parts/Page.tsx'
import { ProblemNotice } from '../parts/ProblemNotice.tsx'
import { ScrollCode } from '../parts/ScrollCode.tsx'
import { api } from '../session/session.ts'
import type { Job } from '../queries/jobs.ts'
import styles from './Custodian.module.css'

/** The custodian's decision about exactly what is pinned. */
export function Approval({ job }: { job: Job }) {
  const client = useQueryClient()
  const [comment, setComment] = useState('')
  const [busy, setBusy] = useState<'yes' | 'no'>()
  const [error, setError] = useState<unknown>()
  const decide = async (approve: boolean) => {
    setBusy(approve ? 'yes' : 'no')
    setError(undefined)
    try {
      client.setQueryData(
        ['job', job.jobId],
        await api.jobs.approve({
          params: { jobId: job.jobId },
          body: { pin: job.pin, approve, comment: comment.trim() },
        }),
      )
      void client.invalidateQueries({ queryKey: ['jobs'] })
    } catch (e) {
      setError(e)
      void client.invalidateQueries({ queryKey: ['job', job.jobId] })
    } finally {
      setBusy(undefined)
    }
  }
  return (
    <section className={`panel ${styles.decide}`} aria-label="Approval">
      <Text fw={600}>{job.owner.name} asks for your approval</Text>
      <Text size="sm" mt={4}>
        {job.purpose ? <>For: {job.purpose}</> : 'No purpose was given.'}
      </Text>
      <Text size="sm" c="dimmed" mt={4}>
        Read the question below. Your approval is for exactly this code, these parameters, this cohort and this version
        of the data; any change asks again.
      </Text>
      <Group gap="xs" mt={6}>
        <Text size="sm" c="dimmed">
          Pinned hash
        </Text>
        <CopyId value={job.pin} show={`${job.pin.slice(0, 20)}…`} label="pinned hash" />
      </Group>
      <Textarea
        label="Comment"
        description="Written into the history; needed when you refuse"
        autosize
        minRows={2}
        maxLength={2000}
        mt="sm"
        maw={680}
        value={comment}
        onChange={(e) => setComment(e.currentTarget.value)}
      />
      <ProblemNotice error={error} />
      <Group mt="sm">
        <Button onClick={() => void decide(true)} loading={busy === 'yes'} disabled={busy !== undefined}>
          Approve
        </Button>
        <Button
          variant="default"
          onClick={() => void decide(false)}
          loading={busy === 'no'}
          disabled={busy !== undefined || comment.trim().length < 3}
        >
          Refuse
        </Button>
      </Group>
    </section>
  )
}

type Inspection = Awaited<ReturnType<typeof api.jobs.inspect>>

/** Logs and exact counts, for the custodian alone; each look is written into the audit chain. */
export function Inspect({ job }: { job: Job }) {
  const recent = useRecentLogin()
  const client = useQueryClient()
  const [seen, setSeen] = useState<Inspection>()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const look = async () => {
    setBusy(true)
    setError(undefined)
    try {
      setSeen(await recent(() => api.jobs.inspect({ params: { jobId: job.jobId } })))
      void client.invalidateQueries({ queryKey: ['dataset-history', job.datasetId] })
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  if (!seen)
    return (
      <Stack align="flex-start">
        <Text size="sm" maw={640}>
          The exact size of the cohort, what each run printed and how it ended. It may hold data: only custodians see
          it, it needs a recent sign-in, and each look is written into the audit chain.
        </Text>
        <ProblemNotice error={error} />
        <Button variant="default" loading={busy} onClick={() => void look()}>
          Show logs and counts
        </Button>
      </Stack>
    )
  return (
    <>
      <Alert color="gray" variant="outline" mb="md">
        This is not released. Do not pass it on.
      </Alert>
      <Runs seen={seen} />
    </>
  )
}

/** What a trial on the synthetic twin printed: for whoever may read the analysis. */
export function TrialLog({ job }: { job: Job }) {
  const {
    data: seen,
    error,
    refetch,
  } = useQuery({
    queryKey: ['log', job.jobId],
    staleTime: Infinity,
    retry: false,
    queryFn: () => api.jobs.log({ params: { jobId: job.jobId } }),
  })
  if (!seen) return error ? <ProblemNotice error={error} retry={() => void refetch()} /> : <LoadingRows rows={6} />
  return (
    <>
      <Runs seen={seen} />
      {!seen.runs.some((r) => r.stdout || r.stderr) && (
        <Text c="dimmed" mt="sm">
          It printed nothing.
        </Text>
      )}
    </>
  )
}

function Runs({ seen }: { seen: Inspection }) {
  const people = seen.runs.some((r) => r.subjects > 0)
  return (
    <>
      {seen.subjects !== undefined && (
        <Text mb="sm">
          Cohort: <b>{count(seen.subjects, 'subject')}</b>
        </Text>
      )}
      {seen.message && (
        <Section title="Message">
          <ScrollCode text={seen.message} label="Message" wrap />
        </Section>
      )}
      {seen.runs.length > 0 && (
        <Table.ScrollContainer minWidth={420}>
          <Table className="figures">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Run</Table.Th>
                {people && <Table.Th ta="right">Subjects</Table.Th>}
                <Table.Th>End</Table.Th>
                <Table.Th ta="right">Exit code</Table.Th>
                <Table.Th ta="right">Seconds</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {seen.runs.map((run) => (
                <Table.Tr key={run.run}>
                  <Table.Td>{run.run}</Table.Td>
                  {people && <Table.Td ta="right">{run.subjects}</Table.Td>}
                  <Table.Td>{run.end}</Table.Td>
                  <Table.Td ta="right">{run.exitCode ?? '–'}</Table.Td>
                  <Table.Td ta="right">{run.seconds.toFixed(2)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {seen.runs
        .filter((r) => r.stdout || r.stderr)
        .map((run) => (
          <Section key={run.run} title={`Run ${run.run}`}>
            {run.stdout && (
              <>
                <Text size="sm" fw={500}>
                  Output
                </Text>
                <ScrollCode text={run.stdout} label={`Output of run ${run.run}`} wrap />
              </>
            )}
            {run.stderr && (
              <>
                <Text size="sm" fw={500}>
                  Errors
                </Text>
                <ScrollCode text={run.stderr} label={`Errors of run ${run.run}`} wrap />
              </>
            )}
          </Section>
        ))}
    </>
  )
}
