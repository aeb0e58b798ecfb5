/** The area `jobs`: people's questions to datasets, and the output checkers' side of them. */
import { jobs as contract } from '../../contracts/jobs.ts'
import { served } from '../kernel/area.ts'
import { inDataset, inJob } from '../kernel/resources.ts'

export const jobs = served(contract, { dataset: inDataset, job: inJob })
