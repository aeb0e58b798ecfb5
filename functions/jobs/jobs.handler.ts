import { kinds } from '../job-kinds.ts'
import { awsDeps, batchStop, duckdb, s3Objects, stepFunctions } from '../wiring.ts'
import { createJobs } from './jobs.ts'

export const handler = createJobs({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, compute: batchStop, engine: duckdb }),
  kinds,
})
