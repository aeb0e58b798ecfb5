import { kindFacts } from '../job-kind-facts.ts'
import { awsDeps, batchStop, s3Objects, stepFunctions } from '../wiring.ts'
import { createPipelines } from './pipelines.ts'

export const handler = createPipelines({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, compute: batchStop }),
  kinds: kindFacts,
})
