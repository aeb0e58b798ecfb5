/** Stopping a run: `cancelled`, never `failed`. */
import type { pipelines } from '../../contracts/pipelines.ts'
import { jobLife } from '../../domain/jobs/life.ts'
import { runStateOf } from '../../domain/pipelines/life.ts'
import { end } from '../jobs/ending.ts'
import { Overtaken } from '../jobs/standing.ts'
import { whoOf } from '../kernel/audit.ts'
import { Failure } from '../kernel/failure.ts'
import type { Implementation } from '../kernel/handler.ts'
import { type JobItem, keyOf } from '../kernel/items.ts'
import { stopWork } from '../workflow/stopping.ts'
import { dispatch } from './queue.ts'
import { Names, type RunJob, toRun } from './view.ts'

type Routes = (typeof pipelines)['routes']

export const cancel: Implementation<Routes['cancel']> = async ({ job, caller, subject }, deps) => {
  let now = job
  for (let tries = 0; ; tries++) {
    if (!jobLife[now.state].live)
      throw new Failure('wrong-state', `This run is ${runStateOf(now)}: there is nothing left to stop.`)
    try {
      const stopped = await end(
        deps,
        now,
        { code: 'cancelled', step: now.steps.check ? 'check' : now.steps.compute ? 'compute' : 'prepare' },
        { who: whoOf(caller), by: 'request' },
      )
      await stopWork(deps, stopped)
      await dispatch(deps, { over: stopped.jobId })
      return await toRun(new Names(deps), stopped as RunJob, { userId: caller.userId, subject })
    } catch (e) {
      if (!(e instanceof Overtaken) || tries > 5) throw e
      now = (await deps.table.get<JobItem>(keyOf.job(job.jobId))) as typeof job
    }
  }
}
