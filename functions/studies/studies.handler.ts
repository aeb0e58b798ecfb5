import { awsDeps, kmsKeys, s3Objects } from '../wiring.ts'
import { createStudies } from './studies.ts'

export const handler = createStudies(awsDeps({ objects: s3Objects, keys: kmsKeys }))
