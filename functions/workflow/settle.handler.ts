import { kinds } from '../job-kinds.ts'
import { awsDeps, cloudwatchLogs, s3Objects, stepFunctions } from '../wiring.ts'
import { createSettle } from './settle.ts'

export const handler = createSettle({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions, logs: cloudwatchLogs }),
  kinds,
})
