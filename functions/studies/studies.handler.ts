import { awsDeps } from '../wiring.ts'
import { createStudies } from './studies.ts'

export const handler = createStudies(awsDeps())
