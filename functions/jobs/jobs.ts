/** The function that serves people's side of jobs. */
import { lambda, type LambdaHandler } from '../kernel/handler.ts'
import { jobs } from './area.ts'
import { ask, quote } from './asking.ts'
import { get, list, ofDataset, question } from './listing.ts'
import { download, inspect, result } from './results.ts'
import { approve, cancel } from './steering.ts'
import { log } from './trial.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

export const createJobs = (deps: WorkflowDeps): LambdaHandler =>
  lambda(jobs, 'jobs', deps, {
    quote,
    ask,
    list,
    ofDataset,
    get,
    question,
    cancel,
    approve,
    result,
    download,
    log,
    inspect,
  })
