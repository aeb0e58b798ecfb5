import { awsDeps } from '../wiring.ts'
import { createAudit } from './audit.ts'

export const handler = createAudit(awsDeps())
