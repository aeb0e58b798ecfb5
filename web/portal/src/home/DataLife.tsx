import type { DatasetState } from '../../../../domain/datasets/life.ts'
import { short } from '../parts/figures.ts'
import { stateWord } from '../parts/job/words.ts'
import { RelativeTime } from '../parts/RelativeTime.tsx'
import { StateBadge } from '../parts/StateBadge.tsx'
import type { Dataset } from '../queries/datasets.ts'
import type { Job } from '../queries/jobs.ts'
import type { DataNeeds } from './needs.ts'
import { Todo } from './Todo.tsx'

/** What a dataset that is not published yet waits for. */
const toFinish: Partial<Record<DatasetState, string>> = {
  draft: 'Add its files',
  reading: 'Its files are being read',
  proposed: 'Confirm its schema and publish',
}

const ofJob = ({ jobId, title }: Job) => ({ to: `/analyses/${jobId}`, title })
const ofDataset = ({ datasetId, title }: Dataset, tab: string) => ({ to: `/datasets/${datasetId}/${tab}`, title })

/** What needs me in datasets, analyses and output checks, a section for each kind. */
export const DataLife = ({ needs }: { needs: DataNeeds }) => (
  <>
    <Todo title="Checkers ask you" lines={needs.asked.map((job) => ({ ...ofJob(job), text: job.dataset }))} />
    <Todo
      title="Outputs to check"
      lines={needs.due.map((review) => ({
        to: `/checks/${review.jobId}`,
        title: review.title,
        text: (
          <>
            {review.dataset}, {review.owner}, waiting since <RelativeTime at={review.held} />
          </>
        ),
      }))}
    />
    <Todo
      title="Analyses to approve"
      lines={needs.approvals.map((job) => ({
        ...ofJob(job),
        text: (
          <>
            {job.owner.name} on {job.dataset}, <RelativeTime at={job.created} />
          </>
        ),
      }))}
    />
    <Todo
      title="Running now"
      lines={needs.running.map((job) => ({
        ...ofJob(job),
        state: <StateBadge of="job" state={job.state} word={stateWord(job)} />,
        text: (
          <>
            {job.dataset}, <RelativeTime at={job.created} />
          </>
        ),
      }))}
    />
    <Todo
      title="Came to nothing"
      lines={needs.ended.map((job) => ({
        ...ofJob(job),
        state: <StateBadge of="job" state={job.state} />,
        text: job.problem?.message ?? job.dataset,
      }))}
    />
    <Todo
      title="Datasets to finish"
      lines={needs.unfinished.map((dataset) => ({
        ...ofDataset(dataset, 'register'),
        state: <StateBadge of="dataset" state={dataset.state} />,
        text: dataset.problem ?? toFinish[dataset.state],
      }))}
    />
    <Todo
      title="Budgets nearly spent"
      lines={needs.low.map((dataset) => ({
        ...ofDataset(dataset, 'budget'),
        text: (
          <>
            epsilon {short(dataset.budget.left)} of {short(dataset.budget.epsilon)} left
          </>
        ),
      }))}
    />
  </>
)
