/** What needs me in datasets, analyses and output checks. */
import { Anchor, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { DatasetState } from '../../../../domain/datasets/life.ts'
import { moving, useKeptJobs, useMyJobs, useReviews } from '../queries/jobs.ts'
import { stateWord } from '../parts/job/words.ts'
import { useDatasets } from '../queries/datasets.ts'
import { short } from '../parts/figures.ts'
import { useMay, useOrganisation } from '../hooks.ts'
import { Section } from '../parts/Page.tsx'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'

const day = 24 * 3600 * 1000
/** What a dataset that is not published yet waits for. */
const toFinish: Partial<Record<DatasetState, string>> = {
  draft: 'Add its files',
  reading: 'Its files are being read',
  proposed: 'Confirm its schema and publish',
}

/** `shown` says whether anything of it is there, so that Home knows when nothing needs anybody. */
export function useDataLife(): { loaded: boolean; shown: boolean; parts: React.ReactNode } {
  const here = useOrganisation()
  const may = useMay()
  const keeps = here !== undefined && may('datasets.create')
  const asks = here !== undefined && may('dataset.analyse')
  const checks = here !== undefined && may('outputs.check')
  const { data: datasets } = useDatasets(here?.organisationId)
  const { data: reviews } = useReviews(checks ? here.organisationId : undefined)
  const { data: mine, dataUpdatedAt } = useMyJobs({}, asks)
  const { jobs: queued } = useKeptJobs({ state: 'queued' }, keeps)
  const jobs = mine?.pages[0]?.items ?? []
  const due = reviews?.filter((r) => !r.own && !r.voted && r.waiting !== 'answer') ?? []
  const approvals = queued.filter((j) => j.waiting === 'approval')
  const running = jobs.filter(moving)
  const asked = jobs.filter((j) => j.waiting === 'answer')
  const ended = jobs
    .filter(
      (job) =>
        (job.state === 'failed' || job.state === 'blocked') &&
        job.ended !== undefined &&
        dataUpdatedAt - new Date(job.ended).getTime() < day,
    )
    .slice(0, 5)
  const unfinished = keeps
    ? (datasets?.filter((d) => d.state === 'proposed' || d.state === 'draft' || d.state === 'reading') ?? [])
    : []
  const low = keeps
    ? (datasets?.filter(
        (dataset) =>
          dataset.state === 'published' &&
          dataset.policy.modes.includes('noise') &&
          dataset.budget.limitNanoRho > 0 &&
          (dataset.budget.spentNanoRho + dataset.budget.reservedNanoRho) / dataset.budget.limitNanoRho > 0.8,
      ) ?? [])
    : []
  const shown =
    due.length + approvals.length + running.length + asked.length + ended.length + unfinished.length + low.length > 0
  return {
    loaded: datasets !== undefined && (!checks || reviews !== undefined) && (!asks || mine !== undefined),
    shown,
    parts: (
      <>
        {asked.length > 0 && (
          <Section title="Checkers ask you">
            <ul className="todo">
              {asked.map((job) => (
                <Line key={job.jobId} to={`/analyses/${job.jobId}`} title={job.title}>
                  {job.dataset}
                </Line>
              ))}
            </ul>
          </Section>
        )}
        {due.length > 0 && (
          <Section title="Outputs to check">
            <ul className="todo">
              {due.slice(0, 10).map((review) => (
                <Line key={review.jobId} to={`/checks/${review.jobId}`} title={review.title}>
                  {review.dataset}, {review.owner}, waiting since <RelativeTime at={review.held} />
                </Line>
              ))}
            </ul>
          </Section>
        )}
        {approvals.length > 0 && (
          <Section title="Analyses to approve">
            <ul className="todo">
              {approvals.slice(0, 10).map((job) => (
                <Line key={job.jobId} to={`/analyses/${job.jobId}`} title={job.title}>
                  {job.owner.name} on {job.dataset}, <RelativeTime at={job.created} />
                </Line>
              ))}
            </ul>
          </Section>
        )}
        {running.length > 0 && (
          <Section title="Running now">
            <ul className="todo">
              {running.map((job) => (
                <Line
                  key={job.jobId}
                  to={`/analyses/${job.jobId}`}
                  title={job.title}
                  state={<StateBadge of="job" state={job.state} word={stateWord(job)} />}
                >
                  {job.dataset}, <RelativeTime at={job.created} />
                </Line>
              ))}
            </ul>
          </Section>
        )}
        {ended.length > 0 && (
          <Section title="Came to nothing">
            <ul className="todo">
              {ended.map((job) => (
                <Line
                  key={job.jobId}
                  to={`/analyses/${job.jobId}`}
                  title={job.title}
                  state={<StateBadge of="job" state={job.state} />}
                >
                  {job.problem?.message ?? job.dataset}
                </Line>
              ))}
            </ul>
          </Section>
        )}
        {unfinished.length > 0 && (
          <Section title="Datasets to finish">
            <ul className="todo">
              {unfinished.map((dataset) => (
                <Line
                  key={dataset.datasetId}
                  to={`/datasets/${dataset.datasetId}/register`}
                  title={dataset.title}
                  state={<StateBadge of="dataset" state={dataset.state} />}
                >
                  {dataset.problem ?? toFinish[dataset.state]}
                </Line>
              ))}
            </ul>
          </Section>
        )}
        {low.length > 0 && (
          <Section title="Budgets nearly spent">
            <ul className="todo">
              {low.map((dataset) => (
                <Line key={dataset.datasetId} to={`/datasets/${dataset.datasetId}/budget`} title={dataset.title}>
                  epsilon {short(dataset.budget.left)} of {short(dataset.budget.epsilon)} left
                </Line>
              ))}
            </ul>
          </Section>
        )}
      </>
    ),
  }
}

const Line = ({
  to,
  title,
  state,
  children,
}: {
  to: string
  title: string
  state?: React.ReactNode
  children: React.ReactNode
}) => (
  <li>
    <Group gap="sm">
      <Anchor component={Link} to={to} fw={500}>
        {title}
      </Anchor>
      {state}
    </Group>
    <Text size="sm" c="dimmed" component="div">
      {children}
    </Text>
  </li>
)
