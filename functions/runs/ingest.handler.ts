import { awsDeps, kmsKeys, s3Objects } from '../wiring.ts'
import { createIngest } from './ingest.ts'

export const handler = createIngest(awsDeps({ objects: s3Objects, keys: kmsKeys }))
