/** The area `studies`: versions, assets, links, people. */
import { studies as contract } from '../../contracts/studies.ts'
import { served } from '../kernel/area.ts'
import { inStudy } from '../kernel/resources.ts'

export const studies = served(contract, { study: inStudy })
