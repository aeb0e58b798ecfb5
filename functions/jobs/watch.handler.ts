import { awsDeps, batchStop, cloudwatchLogs, s3Objects, stepFunctions } from '../wiring.ts'
import { createWatch } from './watch.ts'

export const handler = createWatch(
  awsDeps({ objects: s3Objects, workflow: stepFunctions, compute: batchStop, logs: cloudwatchLogs }),
)
