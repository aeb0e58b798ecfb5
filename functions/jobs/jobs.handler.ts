import { awsDeps, duckdb, s3Objects, stepFunctions } from '../wiring.ts'
import { createJobs } from './jobs.ts'
import { kindFacts } from '../job-kind-facts.ts'

export const handler = createJobs({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, engine: duckdb }),
  kinds: kindFacts,
})
