/** The area `datasets`: the catalogue, and what custodians do. */
import { datasets as contract } from '../../contracts/datasets.ts'
import { served } from '../kernel/area.ts'
import { inDataset, inStudy } from '../kernel/resources.ts'

export const datasets = served(contract, { dataset: inDataset, study: inStudy })
