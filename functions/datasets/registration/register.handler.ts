import { kinds } from '../../job-kinds.ts'
import { awsDeps, duckdb, kmsKeys, s3Objects } from '../../wiring.ts'
import { createRegistration } from './register.ts'

export const handler = createRegistration({ ...awsDeps({ objects: s3Objects, keys: kmsKeys, engine: duckdb }), kinds })
