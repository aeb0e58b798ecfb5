import { awsDeps } from '../wiring.ts'
import { createSweep } from './sweep.ts'

export const handler = createSweep(awsDeps())
