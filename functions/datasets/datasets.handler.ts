import { awsDeps, s3Objects } from '../wiring.ts'
import { createDatasets } from './datasets.ts'

export const handler = createDatasets(awsDeps({ objects: s3Objects }))
