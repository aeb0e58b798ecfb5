/** The area `access`: people, organisations, tokens, sign-in of tools. */
import { access as contract } from '../../contracts/access.ts'
import { served } from '../kernel/area.ts'

export const access = served(contract, {})
