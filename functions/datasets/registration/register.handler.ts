import { kindFacts } from '../../job-kind-facts.ts'
import { awsDeps, duckdb, kmsKeys, s3Objects } from '../../wiring.ts'
import { whenVersionStored } from '../../reactions.ts'
import { createRegistration } from './register.ts'

export const handler = createRegistration(
  { ...awsDeps({ objects: s3Objects, keys: kmsKeys, engine: duckdb }), kinds: kindFacts },
  whenVersionStored,
)
