/** The area `synthesis`: synthetic twins of protected tables. */
import { synthesis as contract } from '../../contracts/synthesis.ts'
import { served } from '../kernel/area.ts'
import { inSynthesis } from './resources.ts'

export const synthesis = served(contract, { synthesis: inSynthesis })
