import { awsDeps, batch } from '../wiring.ts'
import { createCompute } from './compute.ts'

export const handler = createCompute(awsDeps({ compute: batch }))
