import { awsDeps } from '../wiring.ts'
import { createIngest } from './ingest.ts'

export const handler = createIngest(awsDeps())
