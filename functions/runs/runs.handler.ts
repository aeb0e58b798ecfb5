import { awsDeps } from '../wiring.ts'
import { createRuns } from './runs.ts'

export const handler = createRuns(awsDeps())
