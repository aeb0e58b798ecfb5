import { awsDeps, batchStop, duckdb, s3Objects, stepFunctions } from '../wiring.ts'
import { createJobs } from './jobs.ts'
import { kindFacts } from '../job-kind-facts.ts'

export const handler = createJobs({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, compute: batchStop, engine: duckdb }),
  kinds: kindFacts,
})
