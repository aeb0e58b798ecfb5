import { awsDeps, kmsKeys, s3Objects } from '../wiring.ts'
import { createWithdraw } from './withdraw.ts'

export const handler = createWithdraw(awsDeps({ objects: s3Objects, keys: kmsKeys }))
