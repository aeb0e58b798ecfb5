import { awsDeps } from '../wiring.ts'
import { createLoginEvents } from './login-events.ts'

export const handler = createLoginEvents(awsDeps())
