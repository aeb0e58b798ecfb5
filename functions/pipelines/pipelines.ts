/** The function that serves pipelines, experiments and runs; their logs have one of their own. */
import { lambda, type LambdaHandler } from '../kernel/handler.ts'
import { pipelines } from './area.ts'
import { artifact, artifacts } from './artifacts.ts'
import { changeExperiment, createExperiment, deleteExperiment, experiment, experiments } from './experiments.ts'
import { inputUploads, propose } from './inputs.ts'
import { archive, get, list, publish, uploads, version, versions } from './publishing.ts'
import { queue } from './queue.ts'
import { compare, run, runs, runsOf } from './runs.ts'
import { again, start, sweep } from './starting.ts'
import { cancel } from './steering.ts'
import type { WorkflowDeps } from '../workflow/job-kind.ts'

export const createPipelines = (deps: WorkflowDeps): LambdaHandler =>
  lambda(pipelines, 'pipelines', deps, {
    list,
    uploads,
    publish,
    get,
    versions,
    version,
    archive,
    experiments,
    createExperiment,
    experiment,
    changeExperiment,
    deleteExperiment,
    inputUploads,
    propose,
    start,
    sweep,
    runsOf,
    runs,
    queue,
    compare,
    run,
    cancel,
    again,
    artifacts,
    artifact,
  })
