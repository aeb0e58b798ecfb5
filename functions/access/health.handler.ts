import { awsDeps, kmsKeys, s3Objects } from '../wiring.ts'
import { createHealth } from './health.ts'

export const handler = createHealth(awsDeps({ objects: s3Objects, keys: kmsKeys }))
