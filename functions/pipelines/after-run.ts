/** What follows from the end of a run of a pipeline. */
import { failureOf } from '../../domain/pipelines/life.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import type { Deps } from '../kernel/deps.ts'
import { keyOf } from '../kernel/items.ts'
import { dispatch } from './queue.ts'
import type { RunJob } from './run-job.ts'

/**
 * After a run's end: its log is kept where it stays, and the next one has its turn. Safe to run twice; the watch does
 * the same.
 */
export async function settledPipeline(deps: Deps, jobId: string): Promise<void> {
  const job = await deps.table.get<RunJob>(keyOf.job(jobId))
  if (job && !jobLife[job.state].live) {
    // A runner that got to its end has said so; in place of one that did not, or never began, the platform does.
    const said = job.problem
      ? failureOf(job.problem.code, {
          missing: job.run.missing,
          seconds: job.run.resources.seconds,
          memoryMb: job.run.resources.memoryMb,
        })
      : undefined
    await deps.logs.conclude(jobId, {
      t: deps.now().getTime(),
      s: 'sys',
      x: said ? `${said.message} ${said.todo}` : 'Finished.',
      end: said?.code ?? 'finished',
    })
    await deps.logs.archive(jobId)
  }
  await dispatch(deps, { over: jobId })
}
