import { awsDeps } from '../wiring.ts'
import { createOpening } from './opening.ts'

export const handler = createOpening(awsDeps())
