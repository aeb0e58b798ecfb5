import { kindFacts } from '../job-kind-facts.ts'
import { awsDeps, s3Objects, stepFunctions } from '../wiring.ts'
import { createDatasets } from './datasets.ts'

export const handler = createDatasets({ ...awsDeps({ objects: s3Objects, workflow: stepFunctions }), kinds: kindFacts })
