/** The area `audit`: the hash chain of everything sensitive that was done. */
import { audit as contract } from '../../contracts/audit.ts'
import { served } from '../kernel/area.ts'
import { inStudy } from '../kernel/resources.ts'

export const audit = served(contract, { study: inStudy })
