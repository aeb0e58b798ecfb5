/** Stopping a run: `cancelled`, never `failed`. */
import type { pipelines } from '../../contracts/pipelines.ts'
import { runStateOf } from '../../domain/pipelines/life.ts'
import { whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { dispatch } from './queue.ts'
import { toRun } from './view.ts'
import { Names } from '../kernel/names.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'
import { stopJob } from '../workflow/stop-job.ts'

type Routes = (typeof pipelines)['routes']

export const cancel: Implementation<Routes['cancel'], WorkflowDeps> = async ({ job, caller, subject }, deps) => {
  const stopped = await stopJob(
    deps,
    job,
    whoOf(caller),
    (now) => new Failure('wrong-state', `This run is ${runStateOf(now)}: there is nothing left to stop.`),
  )
  await dispatch(deps, { over: stopped.jobId })
  return toRun(new Names(deps), stopped, { userId: caller.userId, subject })
}
