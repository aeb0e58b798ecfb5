import { awsDeps, s3Objects } from '../wiring.ts'
import { createSweep } from './sweep.ts'

export const handler = createSweep(awsDeps({ objects: s3Objects }))
