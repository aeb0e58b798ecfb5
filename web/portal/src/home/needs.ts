/** What needs me in datasets, analyses and output checks. */
import type { Dataset } from '../queries/datasets.ts'
import { type Job, isProgressing, type Reviews } from '../queries/jobs.ts'

const day = 24 * 3600 * 1000
/** How many lines a list that can grow shows. */
const shownOfQueues = 10
const shownOfEnded = 5
/** The part of a privacy budget after which it counts as nearly spent. */
const nearlySpent = 0.8

type Review = Reviews['items'][number]
interface Answers {
  datasets: readonly Dataset[] | undefined
  reviews: readonly Review[] | undefined
  /** My own analyses, newest first. */
  jobs: readonly Job[] | undefined
  /** Queued analyses of datasets that I answer for. */
  queued: readonly Job[]
  /** Whether I answer for datasets at all. */
  keeps: boolean
  /** When `jobs` was answered, in milliseconds since 1970. */
  now: number
}

/** What waits for me, each in the order of its answer. */
export interface DataNeeds {
  /** My analyses about which checkers ask me something. */
  asked: Job[]
  /** Outputs of others that wait for my vote. */
  due: Review[]
  approvals: Job[]
  running: Job[]
  /** My analyses that failed or were blocked within the last day. */
  ended: Job[]
  unfinished: Dataset[]
  /** Published datasets whose privacy budget is nearly spent. */
  low: Dataset[]
}

/** What the answers to the queries of Home say that somebody has to do; answers still missing say nothing. */
export function needsOf({ datasets = [], reviews = [], jobs = [], queued, keeps, now }: Answers): DataNeeds {
  const kept = keeps ? datasets : []
  return {
    asked: jobs.filter((job) => job.waiting === 'answer'),
    due: reviews.filter(isDue).slice(0, shownOfQueues),
    approvals: queued.filter((job) => job.waiting === 'approval').slice(0, shownOfQueues),
    running: jobs.filter(isProgressing),
    ended: jobs.filter((job) => cameToNothing(job, now)).slice(0, shownOfEnded),
    unfinished: kept.filter(({ state }) => state === 'proposed' || state === 'draft' || state === 'reading'),
    low: kept.filter(isLow),
  }
}

/** Whether anything needs somebody. */
export const anyOf = (needs: DataNeeds): boolean => Object.values(needs).some((list: unknown[]) => list.length > 0)

const isDue = ({ own, voted, waiting }: Review): boolean => !own && !voted && waiting !== 'answer'

const cameToNothing = ({ state, ended }: Job, now: number): boolean =>
  (state === 'failed' || state === 'blocked') && ended !== undefined && now - new Date(ended).getTime() < day

const isLow = ({ state, policy, budget }: Dataset): boolean =>
  state === 'published' &&
  policy.modes.includes('noise') &&
  budget.limitNanoRho > 0 &&
  (budget.spentNanoRho + budget.reservedNanoRho) / budget.limitNanoRho > nearlySpent
