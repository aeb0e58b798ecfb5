import { awsDeps } from '../wiring.ts'
import { createAuthorizer } from './authorizer.ts'

export const handler = createAuthorizer(awsDeps())
