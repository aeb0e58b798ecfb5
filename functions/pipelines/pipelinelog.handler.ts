import { awsDeps, cloudwatchLogs, s3Objects } from '../wiring.ts'
import { createPipelinelog } from './pipelinelog.ts'

export const handler = createPipelinelog(awsDeps({ objects: s3Objects, logs: cloudwatchLogs }))
