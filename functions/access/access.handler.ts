import { awsDeps, kmsKeys, sesMail } from '../wiring.ts'
import { createAccess } from './access.ts'

export const handler = createAccess(awsDeps({ keys: kmsKeys, mail: sesMail }))
