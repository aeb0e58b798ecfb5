import { kinds } from '../job-kinds.ts'
import { awsDeps, batchStop, cloudwatchLogs, s3Objects, stepFunctions } from '../wiring.ts'
import { createRecoverJobs } from './recover-jobs.ts'

export const handler = createRecoverJobs({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, compute: batchStop, logs: cloudwatchLogs }),
  kinds,
})
