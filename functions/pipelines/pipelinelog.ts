/** A run's log by pages: the same places while it is written and ever after. */
import { jobLife } from '../../domain/jobs/life.ts'
import { largestPage } from '../../ports/logs.ts'
import type { Deps } from '../kernel/deps.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { pipelines } from './area.ts'

type Routes = (typeof pipelines)['routes']

const log: Implementation<Routes['log']> = async ({ params, query, job }, deps) => {
  const limits = { records: query.limit, bytes: largestPage.bytes }
  const page = query.tail
    ? await deps.logs.tail(params.jobId, query.from, limits)
    : await deps.logs.read(params.jobId, query.from ?? 0, limits)
  // A run that never got to write anything has no last record; when it is over, nothing will follow.
  return { ...page, ended: page.ended || (page.records.length === 0 && !query.tail && !jobLife[job.state].live) }
}

export const createPipelinelog = (deps: Deps): LambdaHandler => lambda(pipelines, 'pipelinelog', deps, { log })
