import { awsDeps, s3Objects } from '../wiring.ts'
import { createSettle } from './settle.ts'

export const handler = createSettle(awsDeps({ objects: s3Objects }))
