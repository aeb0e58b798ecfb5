/** Waiting for a job, and telling how it ended. */
import { jobLife } from '../../../domain/jobs/life.ts'
import { exits, show } from '../io.ts'
import { jobPauses, poll } from '../poll.ts'
import type { Session } from '../session.ts'
import { type Job, problemOf, releasedText, standingOf } from './job-text.ts'

/**
 * Waits until a job is over, or waits for people.
 *
 * @throws {ProblemError} when the server refuses to tell, and an `AbortError` when the person stops it.
 */
export const jobOver = ({ client, io }: Session, jobId: string): Promise<Job> =>
  poll(
    io,
    jobPauses,
    () => client.jobs.get({ params: { jobId }, signal: io.signal }),
    ({ state, waiting }) => !jobLife[state].live || (waiting !== undefined && waiting !== 'turn'),
    (job) => {
      const running = job.steps.find(({ state }) => state === 'running')
      return `${jobId}: ${standingOf(job)}${running ? ` (${running.step})` : ''}`
    },
  )

/**
 * Prints how a job ended: its results, or why there are none. Answers the exit code.
 *
 * @throws {ProblemError} when the server does not hand out the results.
 */
export async function tell({ client, io }: Session, job: Job): Promise<number> {
  const { jobId, state } = job
  if (job.hasResult) {
    const result = await client.jobs.result({ params: { jobId } })
    show(io, { ...job, result }, () => releasedText(result))
    return exits.done
  }
  show(io, job, () => [`${jobId}: ${standingOf(job)}`, problemOf(job)].filter(Boolean).join('\n'))
  return jobLife[state].live || state === 'succeeded' ? exits.done : exits.no
}
