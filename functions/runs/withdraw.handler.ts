import { awsDeps } from '../wiring.ts'
import { createWithdraw } from './withdraw.ts'

export const handler = createWithdraw(awsDeps())
