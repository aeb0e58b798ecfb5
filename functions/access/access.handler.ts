import { awsDeps, kmsKeys } from '../wiring.ts'
import { createAccess } from './access.ts'

export const handler = createAccess(awsDeps({ keys: kmsKeys }))
