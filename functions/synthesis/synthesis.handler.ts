import { kindFacts } from '../job-kind-facts.ts'
import { awsDeps, s3Objects, stepFunctions } from '../wiring.ts'
import { createSynthesis } from './synthesis.ts'

export const handler = createSynthesis({
  ...awsDeps({ objects: s3Objects, workflow: stepFunctions }),
  kinds: kindFacts,
})
