import { kinds } from '../job-kinds.ts'
import { awsDeps, s3Objects } from '../wiring.ts'
import { createReviews } from './reviews.ts'

export const handler = createReviews({ ...awsDeps({ objects: s3Objects }), kinds })
