/** The area `pipelines`: definitions, experiments and runs. */
import { pipelines as contract } from '../../contracts/pipelines.ts'
import { served } from '../kernel/area.ts'
import { inExperiment, inPipeline, inPipelineRun } from './resources.ts'

export const pipelines = served(contract, {
  pipeline: inPipeline,
  experiment: inExperiment,
  'pipeline-run': inPipelineRun,
})
