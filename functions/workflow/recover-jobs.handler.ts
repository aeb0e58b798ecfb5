import { kinds } from '../job-kinds.ts'
import { awsDeps, cloudwatchLogs, s3Objects, stepFunctions } from '../wiring.ts'
import { createRecoverJobs } from './recover-jobs.ts'

export const handler = createRecoverJobs({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, logs: cloudwatchLogs }),
  kinds,
})
