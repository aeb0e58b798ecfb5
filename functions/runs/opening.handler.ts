import { awsDeps, kmsKeys, s3Objects } from '../wiring.ts'
import { createOpening } from './opening.ts'

export const handler = createOpening(awsDeps({ objects: s3Objects, keys: kmsKeys }))
