/** The area `runs`: collection by the participant's page, sealed results for the researcher. */
import { runs as contract } from '../../contracts/runs.ts'
import { served } from '../kernel/area.ts'
import { inStudy } from '../kernel/resources.ts'
import { inRun, withRunToken } from './resources.ts'

export const runs = served(contract, { study: inStudy, run: inRun, 'run-token': withRunToken })
