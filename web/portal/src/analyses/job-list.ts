/** A list of analyses: its orders, its states, and what of it is shown. */
import { jobStates } from '../../../../domain/jobs/life.ts'
import { stateWord } from '../parts/job/words.ts'
import type { Job } from '../queries/jobs.ts'

export const sorts = [
  { value: 'newest', label: 'Newest first' },
  { value: 'oldest', label: 'Oldest first' },
  { value: 'title', label: 'Title' },
  { value: 'state', label: 'State' },
]
const orders: Record<string, (a: Job, b: Job) => number> = {
  newest: (a, b) => b.created.localeCompare(a.created),
  oldest: (a, b) => a.created.localeCompare(b.created),
  title: (a, b) => a.title.localeCompare(b.title),
  state: (a, b) => jobStates.indexOf(a.state) - jobStates.indexOf(b.state) || b.created.localeCompare(a.created),
}
export const stateOptions = jobStates.map((state) => ({
  value: state,
  label: state === 'succeeded' ? 'Released' : state[0]!.toUpperCase() + state.slice(1),
}))
const searched = (job: Job): string =>
  `${job.title} ${job.dataset} ${job.owner.name} ${stateWord(job)} ${job.jobId}`.toLowerCase()
/** Those that have every word of `search`, in the order of `sort`. */
export function listed(jobs: readonly Job[], search: string, sort: string): Job[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return jobs
    .filter((job) => words.every((word) => searched(job).includes(word)))
    .sort(orders[sort] ?? orders['newest'])
}
