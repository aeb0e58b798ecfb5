import { kinds } from '../job-kinds.ts'
import { awsDeps, duckdb, s3Objects, stepFunctions } from '../wiring.ts'
import { createJobs } from './jobs.ts'

export const handler = createJobs({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, engine: duckdb }),
  kinds,
})
